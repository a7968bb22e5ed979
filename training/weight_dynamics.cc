#include "training/weight_dynamics.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "quant/packing.h"
#include "quant/weight_sets.h"

namespace tritlab {

std::map<std::string, SetGradients> GradientsBySet(
    const TrainedNetwork& network) {
  std::map<std::string, SetGradients> by_layer;
  for (const TrainedNetwork::Layer& layer : network.layers()) {
    if (layer.quantizer == nullptr || layer.quantizer->parameters().empty())
      continue;
    SetGradients gradients =
        GradientsBySet(network.computed(layer), network.gradient(layer));
    for (const QuantizerParameter& scale : layer.quantizer->parameters())
      (*gradients.mutable_learned())[scale.name] = scale.gradient;
    by_layer[layer.node->name()] = std::move(gradients);
  }
  return by_layer;
}

absl::StatusOr<std::vector<WeightSets>> UpdateWeightSets(
    const TrainedNetwork& network, TrainingPosition& position) {
  std::vector<WeightSets> all;
  for (const TrainedNetwork::Layer& layer : network.layers()) {
    if (layer.quantizer == nullptr) continue;
    const std::optional<CodedWeights> coded =
        layer.quantizer->Encode(network.latent(layer));
    if (!coded.has_value()) continue;
    const std::string& name = layer.node->name();
    const std::vector<uint8_t> sets = SetsOf(*coded);
    std::vector<uint8_t> before;
    if (const auto kept = position.weight_sets().find(name);
        kept != position.weight_sets().end()) {
      auto unpacked =
          UnpackTrits(kept->second, static_cast<int64_t>(sets.size()));
      if (!unpacked.ok()) {
        return absl::DataLossError(absl::StrCat(
            "the checkpoint's sets of layer ", name, " are damaged (",
            unpacked.status().message(), "); begin the phase anew"));
      }
      before = *std::move(unpacked);
    }
    all.push_back(CountSets(sets, before));
    all.back().set_layer(name);
    ASSIGN_OR_RETURN((*position.mutable_weight_sets())[name], PackTrits(sets));
  }
  return all;
}

}  // namespace tritlab
