#include "reports/made_up_report.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "reports/energy/energy_costs.h"
#include "reports/energy/energy_result.h"
#include "reports/report.pb.h"

namespace tritlab {
namespace {

// A layer on its way to what it is in the end; `way` goes from 0 to 1.
void AddWeightSets(const LayerResult& layer, double way, EpochResult& epoch) {
  const auto at = [&](double end) {
    return static_cast<float>(1.0 / 3 + way * (end - 1.0 / 3));
  };
  WeightSets& sets = *epoch.add_weight_sets();
  sets.set_layer(layer.name());
  sets.set_positive(at(layer.positive()));
  sets.set_zero(at(layer.sparsity()));
  sets.set_negative(at(layer.negative()));
  sets.set_changed(static_cast<float>(0.2 * (1 - way) + 0.01));
  SetGradients& gradients = *sets.mutable_gradients();
  gradients.set_positive(0.5f);
  gradients.set_zero(0.25f);
  gradients.set_negative(0.75f);
  for (const char* name : {"w_p", "w_n"}) {
    const double end = layer.values().at(name);
    (*gradients.mutable_learned())[name] = static_cast<float>(0.1 * (way - 1));
    (*epoch.mutable_values())[absl::StrCat(layer.name(), "/", name)] =
        1 + way * (end - 1);
  }
}

void AddPhase(const char* name, double final_top1, int layers, int epochs,
              bool ternary, Report* report) {
  PhaseResult* phase = report->add_results();
  phase->set_name(name);
  phase->set_setting(absl::StrCat(
      ternary ? "TTQ, t = 0.05, " : "full precision, ", epochs, " epochs"));
  phase->set_loss(0.4321);
  phase->set_initial_top1(ternary ? 31.25 : 9.875);
  phase->set_seconds(62.5 * epochs);
  phase->set_images_per_second(1234.5);
  phase->set_train_multiply_adds(6.1e12);
  if (ternary) phase->set_starts_from("full_precision");
  uint64_t zeros = 0, weights = 0, bytes = 0;
  for (int i = 0; i < layers; ++i) {
    LayerResult* layer = phase->add_layers();
    const bool first = i == 0;
    const bool last = i + 1 == layers;
    layer->set_name(first  ? "conv1"
                    : last ? "fc"
                           : absl::StrCat("stage", 1 + 3 * i / layers, "/block",
                                          i, "/conv"));
    layer->set_kind(last ? "linear" : "convolution");
    const uint32_t count = first  ? 432
                           : last ? 640
                                  : 2304 * (1 + 3 * i / layers);
    layer->set_weights(count);
    const bool quantized = ternary && !first && !last;
    layer->set_quantizer(quantized ? "ttq" : "full_precision");
    if (quantized) {
      const double sparsity = 0.3 + 0.25 * std::sin(i) * std::sin(i);
      layer->set_sparsity(sparsity);
      layer->set_positive(0.5 * (1 - sparsity) + 0.01);
      layer->set_negative(0.5 * (1 - sparsity) - 0.01);
      layer->set_weight_bytes(count / 4 + 8);
      layer->set_bits_per_weight(8.0 * layer->weight_bytes() / count);
      FilterCounts* filters = layer->mutable_filters();
      filters->set_kernel_height(3);
      filters->set_kernel_width(3);
      filters->set_filters(16);
      filters->set_zero_filters(1);
      filters->set_duplicate_filters(2);
      filters->set_negated_filters(3);
      filters->set_duplicate_sign_patterns(4);
      filters->set_negated_sign_patterns(5);
      layer->set_removable_filters(6);
      filters->set_inputs(16);
      filters->set_unread_inputs(4);
      filters->set_kernels(256);
      filters->set_zero_kernels(32 + i);
      filters->set_distinct_kernels(200);
      filters->set_possible_kernels(19683);
      if (i == 1 || i + 2 == layers) {
        KernelPicture* kernels = layer->mutable_kernels();
        kernels->set_kernel_height(3);
        kernels->set_kernel_width(3);
        kernels->set_filters(16);
        kernels->set_inputs(12);
        for (int k = 0; k < 16 * 12 * 9; ++k)
          *kernels->mutable_signs() += "+0-"[(k * k / 7 + i) % 3];
      }
      (*layer->mutable_values())["w_p"] = 1.0 + 0.1 * i;
      (*layer->mutable_values())["w_n"] = 0.9 + 0.05 * i;
      (*layer->mutable_values())["threshold"] = 0.05;
      zeros += static_cast<uint64_t>(count * sparsity);
    } else {
      layer->set_positive(0.5);
      layer->set_negative(0.5);
      layer->set_weight_bytes(4 * count);
      layer->set_bits_per_weight(32);
    }
    layer->set_multiply_adds(64.0 * count);
    layer->set_input_values(4096);
    layer->set_output_values(last ? 10 : 4096);
    if (ternary) {
      layer->set_both_nonzero(0.5 * (1 - layer->sparsity()));
      layer->set_zero_activations(first ? 0 : 0.45);
      if (quantized) layer->set_zero_activations_before_quantization(0.375);
    }
    weights += count;
    bytes += layer->weight_bytes();
  }
  phase->set_weight_sparsity(
      weights == 0 ? 0 : static_cast<double>(zeros) / weights);
  phase->set_weight_bytes(bytes);
  if (ternary) phase->set_activation_images(1000);
  if (const auto costs = ShippedEnergyCosts(); costs.ok()) {
    for (const EnergyCosts& process : *costs)
      static_cast<void>(AddEnergy(process, *phase));
  }
  for (int i = 1; i <= epochs; ++i) {
    EpochResult* epoch = phase->add_epochs();
    epoch->set_epoch(i);
    const double left = std::exp(-4.0 * i / epochs);
    epoch->set_test_top1(final_top1 - 45 * left +
                         1.5 * std::sin(9.0 * i) * left);
    epoch->set_train_top1(final_top1 + 4 - 50 * left);
    epoch->set_test_loss(0.4 + 1.5 * left);
    epoch->set_train_loss(0.3 + 1.6 * left);
    epoch->set_learning_rate(0.2 * (1 - (i - 1.0) / epochs));
    epoch->set_seconds(62.5 * i);
    epoch->set_weight_sparsity(phase->weight_sparsity());
    for (const LayerResult& layer : phase->layers()) {
      if (layer.quantizer() == "ttq") AddWeightSets(layer, 1 - left, *epoch);
    }
    if (epoch->test_top1() > phase->best_top1()) {
      phase->set_best_top1(epoch->test_top1());
      phase->set_best_epoch(i);
    }
    phase->set_top1(epoch->test_top1());
  }
}

}  // namespace

Report MadeUpReport(int layers, int epochs) {
  Report report;
  Provenance* run = report.mutable_provenance();
  run->set_experiment("made_up_resnet20");
  run->set_seed(7);
  run->set_commit("0123abc-dirty");
  run->set_onednn_version("3.7.2");
  run->set_instruction_set("avx512_core_vnni");
  run->set_processor("A made-up processor");
  run->set_threads(2);
  run->set_dataset("cifar10");
  run->set_data_source("data/cifar10.tar.gz");
  run->set_data_checksum("89abcdef");
  run->set_train_images(50000);
  run->set_test_images(10000);
  run->set_data_type("bf16");
  run->set_started("2026-01-02T03:04:05Z");
  run->set_resumed(1);
  NetworkSummary* network = report.mutable_network();
  network->set_name("resnet20");
  network->set_description("He et al. 2015, parameter-free shortcuts");
  network->set_parameters(269722);
  network->set_multiply_adds(40.55e6);
  AddPhase("full_precision", 87, layers, epochs, false, &report);
  AddPhase("ttq", 86, layers, epochs, true, &report);
  PaperResult* paper = report.add_paper();
  paper->set_phase("ttq");
  paper->set_top1(91.13);
  paper->set_source("Zhu et al. 2017, table 1");
  ModelFile* file = report.mutable_model_file();
  file->set_phase("ttq");
  file->set_bytes(12345);
  file->set_coded_weight_bytes(9876);
  return report;
}

}  // namespace tritlab
