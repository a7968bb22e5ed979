#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reports/page/number_format.h"
#include "reports/page/table.h"
#include "reports/report.pb.h"
#include "reports/run/report_tables.h"
#include "reports/run/table_parts.h"

namespace tritlab {
namespace {

std::vector<std::string> ValueNames(const PhaseResult& phase) {
  std::set<std::string> names;
  for (const LayerResult& layer : phase.layers()) {
    for (const auto& [name, value] : layer.values()) names.insert(name);
  }
  return InOrder(std::move(names));
}

// Shares of all layers together: of their activations, their weights and their
// multiply-adds.
LayerResult AllLayers(const std::vector<LayerResult>& layers) {
  LayerResult all;
  all.set_name("all");
  double inputs = 0, zero_inputs = 0, zero_inputs_before = 0;
  double weights = 0, zero_weights = 0, products = 0, both = 0;
  bool quantized = false;
  for (const LayerResult& layer : layers) {
    inputs += layer.input_values();
    zero_inputs += layer.zero_activations() * layer.input_values();
    quantized |= layer.has_zero_activations_before_quantization();
    zero_inputs_before += layer.input_values() *
                          (layer.has_zero_activations_before_quantization()
                               ? layer.zero_activations_before_quantization()
                               : layer.zero_activations());
    weights += layer.weights();
    zero_weights += layer.sparsity() * layer.weights();
    products += layer.multiply_adds();
    both += layer.both_nonzero() * layer.multiply_adds();
  }
  all.set_input_values(static_cast<uint32_t>(inputs));
  all.set_zero_activations(zero_inputs / inputs);
  if (quantized)
    all.set_zero_activations_before_quantization(zero_inputs_before / inputs);
  all.set_sparsity(zero_weights / weights);
  all.set_multiply_adds(products);
  all.set_both_nonzero(both / products);
  return all;
}

}  // namespace

Table EpochTableOf(const Report& report, const PhaseResult& phase) {
  const auto& epochs = phase.epochs();
  Table table;
  table.caption = absl::StrCat(
      "Phase ", phase.name(),
      " by epoch; the last epoch is the result. Loss is the mean "
      "cross-entropy, learning rate that of the epoch's last step, seconds are "
      "since the phase began. ",
      SettingOf(report, phase), ".");
  ColumnWriter columns(&table);
  using Epoch = EpochResult;
  columns.Add("epoch", true, epochs,
              [](const Epoch& e) { return absl::StrCat(e.epoch()); });
  columns.Add("test top-1 %", true, epochs,
              [](const Epoch& e) { return FormatFixed(e.test_top1(), 2); });
  columns.Add("test loss", true, epochs,
              [](const Epoch& e) { return FormatFixed(e.test_loss(), 4); });
  columns.Add("training top-1 %", true, epochs,
              [](const Epoch& e) { return FormatFixed(e.train_top1(), 2); });
  columns.Add("training loss", true, epochs,
              [](const Epoch& e) { return FormatFixed(e.train_loss(), 4); });
  columns.Add("learning rate", true, epochs, [](const Epoch& e) {
    return FormatSignificant(e.learning_rate());
  });
  columns.Add("sparsity %", true, epochs,
              [](const Epoch& e) { return Percent(e.weight_sparsity()); });
  columns.Add("seconds", true, epochs,
              [](const Epoch& e) { return FormatFixed(e.seconds(), 1); });
  const uint32_t last = epochs.empty() ? 0 : epochs[epochs.size() - 1].epoch();
  columns.Add("", false, epochs, [&](const Epoch& e) -> std::string {
    const bool best = e.epoch() == phase.best_epoch();
    if (e.epoch() == last) return best ? "result, best" : "result";
    return best ? "best" : "";
  });
  return table;
}

Table LayerTableOf(const Report& report, const PhaseResult& phase) {
  const auto& layers = phase.layers();
  Table table;
  table.caption = absl::StrCat(
      "Layers after phase ", phase.name(),
      ". Sparsity is the share of zeros among the values that the layer "
      "computes with; positive and negative are the other shares. ",
      SettingOf(report, phase), ".");
  ColumnWriter columns(&table);
  using Layer = LayerResult;
  columns.Add("layer", false, layers, [](const Layer& l) { return l.name(); });
  columns.Add("kind", false, layers, [](const Layer& l) { return l.kind(); });
  columns.Add("quantizer", false, layers,
              [](const Layer& l) { return l.quantizer(); });
  columns.Add("weights", true, layers,
              [](const Layer& l) { return FormatCount(l.weights()); });
  columns.Add("sparsity %", true, layers,
              [](const Layer& l) { return Percent(l.sparsity()); });
  columns.Add("positive %", true, layers,
              [](const Layer& l) { return Percent(l.positive()); });
  columns.Add("negative %", true, layers,
              [](const Layer& l) { return Percent(l.negative()); });
  for (const std::string& name : ValueNames(phase)) {
    columns.Add(ValueTitle(name), true, layers,
                [&](const Layer& l) -> std::string {
                  const auto at = l.values().find(name);
                  return at == l.values().end() ? kNothing
                                                : FormatSignificant(at->second);
                });
  }
  columns.Add("bytes", true, layers,
              [](const Layer& l) { return FormatCount(l.weight_bytes()); });
  columns.Add("bits/weight", true, layers, [](const Layer& l) {
    return FormatFixed(l.bits_per_weight(), 2);
  });
  return table;
}

Table ActivationTableOf(const Report& report, const PhaseResult& phase) {
  std::vector<LayerResult> layers;
  bool quantized = false;
  for (const LayerResult& layer : phase.layers()) {
    if (!layer.has_zero_activations()) continue;
    layers.push_back(layer);
    quantized |= layer.has_zero_activations_before_quantization();
  }
  Table table;
  table.caption = absl::StrCat(
      "Activations after phase ", phase.name(), ", counted on ",
      FormatCount(phase.activation_images()),
      " images spread evenly over the test set. Zero activations are those "
      "among the values "
      "that the layer reads",
      quantized
          ? ", quantized where the phase quantizes them (\"unquantized\": "
            "the same values before that)"
          : "",
      "; \"both not 0\" is the share of multiply-adds whose weight and "
      "activation are both not 0, padding counted as zeros: what is left to "
      "compute when all zeros are skipped. ",
      SettingOf(report, phase), ".");
  if (layers.empty()) return table;
  layers.push_back(AllLayers(layers));
  ColumnWriter columns(&table);
  using Layer = LayerResult;
  columns.Add("layer", false, layers, [](const Layer& l) { return l.name(); });
  columns.Add("activations", true, layers,
              [](const Layer& l) { return FormatCount(l.input_values()); });
  columns.Add("zero activations %", true, layers,
              [](const Layer& l) { return Percent(l.zero_activations()); });
  if (quantized) {
    columns.Add("unquantized %", true, layers, [](const Layer& l) {
      return l.has_zero_activations_before_quantization()
                 ? Percent(l.zero_activations_before_quantization())
                 : kNothing;
    });
  }
  columns.Add("zero weights %", true, layers,
              [](const Layer& l) { return Percent(l.sparsity()); });
  columns.Add("multiply-adds", true, layers, [](const Layer& l) {
    return FormatMagnitude(l.multiply_adds());
  });
  columns.Add("both not 0 %", true, layers,
              [](const Layer& l) { return Percent(l.both_nonzero()); });
  return table;
}

}  // namespace tritlab
