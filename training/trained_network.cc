#include "training/trained_network.h"

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "quant/policy.h"

namespace tritlab {
namespace {

// The names under which a checkpoint holds what is not a parameter of the
// network.
std::string StateName(const std::string& tensor, size_t index) {
  return absl::StrCat(tensor, "#optimizer", index);
}
std::string QuantizerName(const Node& layer,
                          const QuantizerParameter& parameter) {
  return absl::StrCat(layer.name(), "#", parameter.name);
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrainedNetwork>> TrainedNetwork::Create(
    const Graph& graph, const Policy& policy, const OptimizerSpec& optimizer,
    uint64_t seed) {
  std::unique_ptr<TrainedNetwork> network(new TrainedNetwork(graph, optimizer));
  ASSIGN_OR_RETURN(network->parameters_, InitialParameters(graph, seed));
  for (const ParameterTensor& tensor : network->parameters_.tensors) {
    const int64_t elements =
        tensor.trained() ? static_cast<int64_t>(tensor.values.size()) : 0;
    network->gradients_.emplace_back(elements);
    network->states_.push_back(InitialOptimizerState(optimizer, elements));
  }
  const std::vector<int> weighted = WeightedNodes(graph);
  std::vector<std::string> names;
  for (const int node : weighted) names.push_back(graph.nodes(node).name());
  ASSIGN_OR_RETURN(auto quantizers, ApplyPolicy(policy, names));
  for (size_t i = 0; i < weighted.size(); ++i) {
    Layer layer;
    layer.node = &network->graph_.nodes(weighted[i]);
    layer.weights = network->parameters_.nodes[weighted[i]].weights;
    layer.quantizer = std::move(quantizers[i]);
    if (layer.quantizer != nullptr) {
      layer.computed.resize(
          network->parameters_.tensors[layer.weights].values.size());
      for (size_t p = 0; p < layer.quantizer->parameters().size(); ++p) {
        layer.quantizer_state.push_back(InitialOptimizerState(optimizer, 1));
      }
    }
    network->layers_.push_back(std::move(layer));
  }
  return network;
}

absl::Status TrainedNetwork::Initialize(const Checkpoint* start) {
  if (start != nullptr) {
    for (ParameterTensor& tensor : parameters_.tensors) {
      RETURN_IF_ERROR(CopyTensor(*start, tensor.name, tensor.values));
    }
  }
  for (Layer& layer : layers_) {
    if (layer.quantizer != nullptr) layer.quantizer->Initialize(latent(layer));
  }
  return absl::OkStatus();
}

absl::Status TrainedNetwork::Restore(const Checkpoint& checkpoint) {
  for (size_t i = 0; i < parameters_.tensors.size(); ++i) {
    ParameterTensor& tensor = parameters_.tensors[i];
    RETURN_IF_ERROR(CopyTensor(checkpoint, tensor.name, tensor.values));
    if (!tensor.trained()) continue;
    for (size_t k = 0; k < states_[i].size(); ++k) {
      RETURN_IF_ERROR(
          CopyTensor(checkpoint, StateName(tensor.name, k), states_[i][k]));
    }
  }
  for (Layer& layer : layers_) {
    if (layer.quantizer == nullptr) continue;
    const std::span<QuantizerParameter> parameters =
        layer.quantizer->parameters();
    for (size_t p = 0; p < parameters.size(); ++p) {
      const std::string name = QuantizerName(*layer.node, parameters[p]);
      std::vector<float> value(1);
      RETURN_IF_ERROR(CopyTensor(checkpoint, name, value));
      parameters[p].value = value[0];
      for (size_t k = 0; k < layer.quantizer_state[p].size(); ++k) {
        RETURN_IF_ERROR(CopyTensor(checkpoint, StateName(name, k),
                                   layer.quantizer_state[p][k]));
      }
    }
  }
  return absl::OkStatus();
}

void TrainedNetwork::WriteTo(Checkpoint& checkpoint) const {
  checkpoint.graph = graph_;
  for (size_t i = 0; i < parameters_.tensors.size(); ++i) {
    const ParameterTensor& tensor = parameters_.tensors[i];
    checkpoint.tensors[tensor.name] = tensor.values;
    if (!tensor.trained()) continue;
    for (size_t k = 0; k < states_[i].size(); ++k)
      checkpoint.tensors[StateName(tensor.name, k)] = states_[i][k];
  }
  for (const Layer& layer : layers_) {
    if (layer.quantizer == nullptr) continue;
    const std::span<const QuantizerParameter> parameters =
        layer.quantizer->parameters();
    for (size_t p = 0; p < parameters.size(); ++p) {
      const std::string name = QuantizerName(*layer.node, parameters[p]);
      checkpoint.tensors[name] = {parameters[p].value};
      for (size_t k = 0; k < layer.quantizer_state[p].size(); ++k) {
        checkpoint.tensors[StateName(name, k)] = layer.quantizer_state[p][k];
      }
    }
  }
}

std::vector<NodeValues> TrainedNetwork::Values(bool training) {
  std::vector<NodeValues> values(graph_.nodes_size());
  for (size_t i = 0; i < values.size(); ++i) {
    const NodeParameters& of = parameters_.nodes[i];
    const auto tensor = [&](int index) {
      return index < 0 ? std::span<float>()
                       : std::span<float>(parameters_.tensors[index].values);
    };
    const auto gradient = [&](int index) {
      return index < 0 || !training ? std::span<float>()
                                    : std::span<float>(gradients_[index]);
    };
    values[i] = {.weights = tensor(of.weights),
                 .bias = tensor(of.bias),
                 .scale = tensor(of.scale),
                 .shift = tensor(of.shift),
                 .mean = tensor(of.mean),
                 .variance = tensor(of.variance),
                 .grad_weights = gradient(of.weights),
                 .grad_bias = gradient(of.bias),
                 .grad_scale = gradient(of.scale),
                 .grad_shift = gradient(of.shift)};
    for (const Layer& layer : layers_) {
      if (layer.quantizer != nullptr && layer.weights == of.weights)
        values[i].weights = layer.computed;
    }
  }
  return values;
}

void TrainedNetwork::Quantize() {
#pragma omp parallel for schedule(dynamic)
  for (Layer& layer : layers_) {
    if (layer.quantizer != nullptr)
      layer.quantizer->Quantize(latent(layer), layer.computed);
  }
}

void TrainedNetwork::Backpropagate() {
#pragma omp parallel for schedule(dynamic)
  for (Layer& layer : layers_) {
    if (layer.quantizer == nullptr) continue;
    std::vector<float>& gradient = gradients_[layer.weights];
    layer.quantizer->Backward(latent(layer), gradient, gradient);
  }
}

void TrainedNetwork::Update(double learning_rate, int64_t step) {
#pragma omp parallel for schedule(dynamic)
  for (size_t i = 0; i < parameters_.tensors.size(); ++i) {
    ParameterTensor& tensor = parameters_.tensors[i];
    if (!tensor.trained()) continue;
    UpdateTensor(optimizer_, learning_rate, step,
                 /*decay=*/tensor.role == ParameterTensor::Role::kWeights,
                 gradients_[i], tensor.values, states_[i]);
  }
  for (Layer& layer : layers_) {
    if (layer.quantizer == nullptr) continue;
    const std::span<QuantizerParameter> parameters =
        layer.quantizer->parameters();
    for (size_t p = 0; p < parameters.size(); ++p) {
      UpdateTensor(optimizer_, learning_rate, step, /*decay=*/false,
                   {&parameters[p].gradient, 1}, {&parameters[p].value, 1},
                   layer.quantizer_state[p]);
    }
  }
}

double TrainedNetwork::WeightSparsity() const {
  int64_t zeros = 0, weights = 0;
  for (const Layer& layer : layers_) {
    const std::span<const float> values = computed(layer);
    for (const float w : values) zeros += w == 0;
    weights += static_cast<int64_t>(values.size());
  }
  return static_cast<double>(zeros) / weights;
}

}  // namespace tritlab
