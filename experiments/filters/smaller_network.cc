#include "experiments/filters/smaller_network.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/status_macros.h"
#include "experiments/filters/carried_weights.h"
#include "models/checkpoint.h"
#include "models/parameters.h"

namespace tritlab {
namespace {

// A value for each weight, [layer]; empty where there are none.
using ValuesOfWeights = std::vector<std::vector<float>>;

std::vector<float> Copy(std::span<const float> values) {
  return {values.begin(), values.end()};
}

// What is left of `values` without the removed filters.
absl::StatusOr<ValuesOfWeights> Left(const TrainedNetwork& network,
                                     const std::vector<RemovedFilter>& removed,
                                     const ValuesOfWeights& values) {
  Parameters parameters = network.ParametersWithoutHeads();
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i].empty())
      parameters.tensors[network.layers()[i].weights].values = values[i];
  }
  ASSIGN_OR_RETURN(SmallerNetwork left,
                   DeleteFilters(network.graph(), parameters, removed));
  const std::vector<int> weighted = WeightedNodes(network.graph());
  ValuesOfWeights result(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty()) continue;
    const int tensor = left.parameters.nodes[weighted[i]].weights;
    result[i] = std::move(left.parameters.tensors[tensor].values);
  }
  return result;
}

// The smaller network as the policy knows it: latent weights, and what its
// quantizers have learned and frozen. What is not weights is as in `smaller`.
absl::StatusOr<std::unique_ptr<TrainedNetwork>> MakeRequantized(
    const TrainedNetwork& network, const SmallerNetwork& smaller,
    const PhaseSpec& phase, uint32_t seed) {
  const auto& layers = network.layers();
  ValuesOfWeights latent(layers.size());
  // States that have a value for each weight, by their name: the masks of INQ
  // and of pruning.
  std::map<std::string, ValuesOfWeights> masks;
  for (size_t i = 0; i < layers.size(); ++i) {
    latent[i] = Copy(network.latent(layers[i]));
    if (layers[i].quantizer == nullptr) continue;
    for (const QuantizerState& state : layers[i].quantizer->state()) {
      if (state.values.size() != latent[i].size()) continue;
      masks[state.name].resize(layers.size());
      masks[state.name][i] = Copy(state.values);
    }
  }
  ASSIGN_OR_RETURN(latent, Left(network, smaller.removed, latent));
  for (auto& [name, mask] : masks) {
    ASSIGN_OR_RETURN(mask, Left(network, smaller.removed, mask));
  }

  ASSIGN_OR_RETURN(std::unique_ptr<TrainedNetwork> result,
                   TrainedNetwork::Create(smaller.graph, phase.policy(),
                                          phase.optimizer(), seed));
  Checkpoint start;
  for (const ParameterTensor& tensor : smaller.parameters.tensors)
    start.tensors[tensor.name] = tensor.values;
  for (size_t i = 0; i < layers.size(); ++i) {
    const int tensor = result->layers()[i].weights;
    start.tensors[smaller.parameters.tensors[tensor].name] = latent[i];
  }
  RETURN_IF_ERROR(result->Initialize(&start));
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto learned = layers[i].learned();
    const auto to_learn = result->layers()[i].learned();
    for (size_t p = 0; p < learned.size(); ++p)
      to_learn[p]->value = learned[p]->value;
    if (layers[i].quantizer == nullptr) continue;
    const auto states = layers[i].quantizer->state();
    const auto to_set = result->layers()[i].quantizer->state();
    for (size_t k = 0; k < states.size(); ++k) {
      const auto mask = masks.find(states[k].name);
      const bool is_mask = mask != masks.end() && !mask->second[i].empty();
      const std::vector<float> values =
          is_mask ? mask->second[i] : Copy(states[k].values);
      std::copy(values.begin(), values.end(), to_set[k].values.begin());
    }
  }
  result->Quantize();
  return result;
}

// The codes of each layer that has some, without the removed filters.
absl::StatusOr<std::vector<std::optional<CodedWeights>>> LeftCodes(
    const TrainedNetwork& network, const std::vector<RemovedFilter>& removed) {
  const auto& layers = network.layers();
  std::vector<std::optional<CodedWeights>> coded(layers.size());
  ValuesOfWeights codes(layers.size());  // floats hold them exactly
  for (size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].quantizer == nullptr) continue;
    coded[i] = layers[i].quantizer->Encode(network.latent(layers[i]));
    if (coded[i].has_value())
      codes[i] = {coded[i]->codes.begin(), coded[i]->codes.end()};
  }
  ASSIGN_OR_RETURN(codes, Left(network, removed, codes));
  for (size_t i = 0; i < layers.size(); ++i) {
    if (!coded[i].has_value()) continue;
    coded[i]->codes.assign(codes[i].begin(), codes[i].end());
    std::vector<float>& scales = coded[i]->channel_scales;
    if (scales.empty()) continue;
    // From the last to the first, so that the others keep their places.
    for (size_t r = removed.size(); r-- > 0;) {
      if (removed[r].layer == layers[i].node->name())
        scales.erase(scales.begin() + removed[r].channel);
    }
  }
  return coded;
}

}  // namespace

int64_t SmallerTrainedNetwork::requantized_weights() const {
  int64_t count = 0;
  for (size_t i = 0; i < carried->layers().size(); ++i) {
    const auto before = carried->computed(carried->layers()[i]);
    const auto after = requantized->computed(requantized->layers()[i]);
    for (size_t w = 0; w < before.size(); ++w) count += before[w] != after[w];
  }
  return count;
}

absl::StatusOr<SmallerTrainedNetwork> RemoveFilters(
    const TrainedNetwork& network, const PhaseSpec& phase, uint32_t seed) {
  Parameters computed = network.ParametersWithoutHeads();
  bool quantized_activations = false;
  for (const TrainedNetwork::Layer& layer : network.layers()) {
    computed.tensors[layer.weights].values = Copy(network.computed(layer));
    quantized_activations |= layer.activations != nullptr;
  }
  ASSIGN_OR_RETURN(const SmallerNetwork smaller,
                   RemoveFilters(network.graph(), computed,
                                 {.fold_constants = !quantized_activations}));
  SmallerTrainedNetwork result;
  result.graph = smaller.graph;
  result.removed = smaller.removed;
  ASSIGN_OR_RETURN(result.requantized,
                   MakeRequantized(network, smaller, phase, seed));
  ASSIGN_OR_RETURN(result.carried,
                   MakeRequantized(network, smaller, phase, seed));
  ASSIGN_OR_RETURN(auto codes, LeftCodes(network, smaller.removed));
  for (size_t i = 0; i < network.layers().size(); ++i) {
    const TrainedNetwork::Layer& layer = network.layers()[i];
    if (layer.quantizer == nullptr) continue;
    const int tensor = result.carried->layers()[i].weights;
    result.carried->ReplaceQuantizer(
        i, std::make_unique<CarriedWeights>(CarriedWeights::Contents{
               .method = layer.quantizer->name(),
               .values = smaller.parameters.tensors[tensor].values,
               .codes = std::move(codes[i]),
               .described = layer.quantizer->Describe(network.latent(layer))}));
  }
  result.carried->Quantize();
  return result;
}

}  // namespace tritlab
