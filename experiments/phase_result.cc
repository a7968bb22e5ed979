#include "experiments/phase_result.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "models/cost.h"
#include "models/parameters.h"
#include "models/remove_filters.h"
#include "quant/packing.h"
#include "quant/policy_text.h"
#include "reports/energy/energy_result.h"
#include "reports/filters.h"

namespace tritlab {
namespace {

// What is packed must be what the accuracy was measured with: every weight is
// the value of its code, bit for bit.
absl::Status CheckCodes(const CodedWeights& coded,
                        std::span<const float> computed,
                        const std::string& layer) {
  for (size_t i = 0; i < computed.size(); ++i) {
    if (computed[i] == coded.value(i)) continue;
    return absl::InternalError(
        absl::StrFormat("layer %s: weight %d is %.9g, its code stands for %.9g",
                        layer, i, computed[i], coded.value(i)));
  }
  return absl::OkStatus();
}

absl::StatusOr<LayerResult> MakeLayerResult(const TrainedNetwork& network,
                                            const TrainedNetwork::Layer& layer,
                                            const FilterExtents& extents) {
  LayerResult result;
  result.set_name(layer.node->name());
  result.set_kind(layer.node->has_linear() ? "linear" : "convolution");
  const std::span<const float> computed = network.computed(layer);
  int64_t positive = 0, negative = 0;
  for (const float w : computed) {
    positive += w > 0;
    negative += w < 0;
  }
  const double count = static_cast<double>(computed.size());
  result.set_weights(static_cast<uint32_t>(computed.size()));
  result.set_positive(positive / count);
  result.set_negative(negative / count);
  result.set_sparsity((count - positive - negative) / count);
  int64_t bytes = static_cast<int64_t>(computed.size_bytes());
  result.set_quantizer("full_precision");
  if (layer.quantizer != nullptr) {
    result.set_quantizer(layer.quantizer->name());
    const std::optional<CodedWeights> coded =
        layer.quantizer->Encode(network.latent(layer));
    if (coded.has_value()) {
      RETURN_IF_ERROR(CheckCodes(*coded, computed, result.name()));
      bytes = PackedBytes(*coded);
      ASSIGN_OR_RETURN(*result.mutable_filters(),
                       CountFilters(*coded, extents));
      if (!layer.node->has_linear() &&
          extents.kernel_height * extents.kernel_width > 1)
        *result.mutable_kernels() = PictureOf(*coded, extents);
    }
  }
  for (const auto& [name, value] : network.Describe(layer))
    (*result.mutable_values())[name] = value;
  result.set_weight_bytes(static_cast<uint32_t>(bytes));
  result.set_bits_per_weight(8 * bytes / count);
  return result;
}

// How many filters nothing needs, by layer, where any are quantized.
absl::Status SetRemovable(const TrainedNetwork& network, PhaseResult& result) {
  bool quantized = false, quantized_activations = false;
  Parameters computed = network.ParametersWithoutHeads();
  for (const TrainedNetwork::Layer& layer : network.layers()) {
    const std::span<const float> values = network.computed(layer);
    computed.tensors[layer.weights].values = {values.begin(), values.end()};
    quantized |= layer.quantizer != nullptr;
    quantized_activations |= layer.activations != nullptr;
  }
  if (!quantized) return absl::OkStatus();
  ASSIGN_OR_RETURN(const SmallerNetwork smaller,
                   RemoveFilters(network.graph(), computed,
                                 {.fold_constants = !quantized_activations}));
  std::map<std::string, uint32_t> removed;
  for (const RemovedFilter& filter : smaller.removed) ++removed[filter.layer];
  for (LayerResult& layer : *result.mutable_layers())
    layer.set_removable_filters(removed[layer.name()]);
  return absl::OkStatus();
}

// An early and a late layer show what there is to see.
void KeepFirstAndLastPicture(PhaseResult& result) {
  std::vector<LayerResult*> with_picture;
  for (LayerResult& layer : *result.mutable_layers()) {
    if (layer.has_kernels()) with_picture.push_back(&layer);
  }
  for (size_t i = 1; i + 1 < with_picture.size(); ++i)
    with_picture[i]->clear_kernels();
}

EpochResult MakeEpochResult(const EpochRecord& record) {
  EpochResult result;
  result.set_epoch(record.epoch());
  result.set_train_loss(record.train_loss());
  result.set_train_top1(record.train_top1());
  result.set_test_loss(record.test_loss());
  result.set_test_top1(record.test_top1());
  result.set_learning_rate(record.learning_rate());
  result.set_seconds(record.seconds());
  result.set_weight_sparsity(record.weight_sparsity());
  *result.mutable_values() = record.values();
  *result.mutable_weight_sets() = record.weight_sets();
  return result;
}

void SetActivations(const ActivationStatistics& statistics,
                    PhaseResult& result) {
  result.set_activation_images(statistics.images());
  for (LayerResult& layer : *result.mutable_layers()) {
    const auto at =
        std::find_if(statistics.layers().begin(), statistics.layers().end(),
                     [&](const LayerActivations& activations) {
                       return activations.layer() == layer.name();
                     });
    if (at == statistics.layers().end()) continue;
    layer.set_both_nonzero(at->both_nonzero());
    layer.set_zero_activations(at->zeros());
    if (at->has_zeros_before_quantization()) {
      layer.set_zero_activations_before_quantization(
          at->zeros_before_quantization());
    }
  }
}

// "TTQ, t = 0.05, 24 epochs"; what it ran, where it was stopped before its end.
std::string SettingOf(const PhaseSpec& phase, int stages, int epochs) {
  std::string text = PolicyText(phase.policy());
  if (epochs == 0) return absl::StrCat(text, ", not trained");
  if (stages > 1) absl::StrAppend(&text, ", ", stages, " stages in");
  return absl::StrCat(text, stages > 1 ? " " : ", ", epochs,
                      epochs == 1 ? " epoch" : " epochs");
}

}  // namespace

absl::StatusOr<PhaseResult> MakePhaseResult(const PhaseSpec& phase,
                                            const TrainingPosition& position,
                                            const TrainedNetwork& network) {
  PhaseResult result;
  result.set_name(phase.name());
  result.set_starts_from(phase.starts_from());
  result.set_initial_top1(position.initial_top1());
  result.set_stages(network.stages());
  result.set_setting(SettingOf(phase, static_cast<int>(network.stages()),
                               position.epochs_size()));
  result.set_skipped_steps(static_cast<uint32_t>(position.skipped_steps()));
  for (const EpochRecord& record : position.epochs()) {
    *result.add_epochs() = MakeEpochResult(record);
    if (result.best_epoch() == 0 || record.test_top1() > result.best_top1()) {
      result.set_best_top1(record.test_top1());
      result.set_best_epoch(record.epoch());
    }
  }
  result.set_top1(position.initial_top1());
  result.set_loss(position.initial_loss());
  if (!position.epochs().empty()) {
    const EpochRecord& last = position.epochs(position.epochs_size() - 1);
    result.set_top1(last.test_top1());
    result.set_loss(last.test_loss());
  }
  result.set_seconds(position.seconds());
  if (position.training_seconds() > 0) {
    result.set_images_per_second(position.trained_images() /
                                 position.training_seconds());
  }
  // Backward costs twice the forward pass: one product for the input's
  // gradient, one for the weights'.
  ASSIGN_OR_RETURN(const Cost trained, CountCost(network.whole_graph()));
  result.set_train_multiply_adds(3.0 * trained.multiply_adds *
                                 position.trained_images());
  ASSIGN_OR_RETURN(const auto extents, FilterExtentsOf(network.graph()));
  double bytes = 0;
  for (const TrainedNetwork::Layer& layer : network.layers()) {
    ASSIGN_OR_RETURN(
        *result.add_layers(),
        MakeLayerResult(network, layer, extents.at(layer.node->name())));
    bytes += result.layers(result.layers_size() - 1).weight_bytes();
  }
  SetActivations(position.activations(), result);
  KeepFirstAndLastPicture(result);
  RETURN_IF_ERROR(SetRemovable(network, result));
  result.set_weight_sparsity(network.WeightSparsity());
  result.set_weight_bytes(static_cast<uint32_t>(bytes));
  RETURN_IF_ERROR(FillShippedEnergy(network.graph(), result));
  return result;
}

}  // namespace tritlab
