#include "training/trained_network.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/all_finite.h"
#include "base/crc32c.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "models/training_heads.h"
#include "quant/policy.h"

namespace tritlab {
namespace {

// The random streams of this file.
constexpr uint64_t kQuantizers = 0x7175616e74;
constexpr uint64_t kDropout = 0x64726f70;

// The names under which a checkpoint holds what is not a parameter of the
// network.
std::string StateName(const std::string& tensor, size_t index) {
  return absl::StrCat(tensor, "#optimizer", index);
}
std::string QuantizerName(const Node& layer, const std::string& name) {
  return absl::StrCat(layer.name(), "#", name);
}

// In the order of WeightedNodes.
std::vector<QuantizedLayer> QuantizedLayersOf(const Graph& graph,
                                              uint64_t seed) {
  std::vector<QuantizedLayer> layers;
  // The image, and what holds it still, or is made of it without a layer.
  std::set<absl::string_view> image;
  for (const Node& node : graph.nodes()) {
    const bool of_image =
        node.has_input() ||
        std::any_of(
            node.inputs().begin(), node.inputs().end(),
            [&](const std::string& input) { return image.count(input) > 0; });
    if (node.has_convolution() || node.has_linear()) {
      layers.push_back(
          {.name = node.name(),
           .outputs = node.has_linear() ? node.linear().out_features()
                                        : node.convolution().out_channels(),
           .seed = RandomStream(seed, kQuantizers, Crc32c(node.name())).Bits(0),
           .reads_image = of_image});
    } else if (of_image) {
      image.insert(node.name());
    }
  }
  return layers;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrainedNetwork>> TrainedNetwork::Create(
    const Graph& graph, const Policy& policy, const OptimizerSpec& optimizer,
    uint64_t seed) {
  ASSIGN_OR_RETURN(Graph whole_graph, WithTrainingHeads(graph));
  std::unique_ptr<TrainedNetwork> network(
      new TrainedNetwork(graph, std::move(whole_graph), optimizer, seed));
  ASSIGN_OR_RETURN(network->parameters_,
                   InitialParameters(network->whole_graph_, seed));
  for (const ParameterTensor& tensor : network->parameters_.tensors) {
    const int64_t elements =
        tensor.trained() ? static_cast<int64_t>(tensor.values.size()) : 0;
    network->gradients_.emplace_back(elements);
    network->states_.push_back(InitialOptimizerState(optimizer, elements));
  }
  const std::vector<int> weighted = WeightedNodes(graph);
  ASSIGN_OR_RETURN(auto quantizers,
                   ApplyPolicy(policy, QuantizedLayersOf(graph, seed)));
  for (size_t i = 0; i < weighted.size(); ++i) {
    Layer layer;
    layer.node = &network->graph_.nodes(weighted[i]);
    layer.weights = network->parameters_.nodes[weighted[i]].weights;
    layer.quantizer = std::move(quantizers[i].weights);
    layer.activations = std::move(quantizers[i].activations);
    layer.gradients = std::move(quantizers[i].gradients);
    if (layer.quantizer != nullptr) {
      layer.computed.resize(
          network->parameters_.tensors[layer.weights].values.size());
    }
    layer.quantizer_state.assign(layer.learned().size(),
                                 InitialOptimizerState(optimizer, 1));
    network->layers_.push_back(std::move(layer));
  }
  network->SetStep(0);
  return network;
}

absl::Status TrainedNetwork::Initialize(const Checkpoint* start) {
  if (start != nullptr) {
    for (ParameterTensor& tensor : parameters_.tensors) {
      RETURN_IF_ERROR(CopyTensor(*start, tensor.name, tensor.values));
    }
  }
  return InitializeQuantizers();
}

absl::Status TrainedNetwork::InitializeQuantizers() {
  for (Layer& layer : layers_) {
    if (layer.quantizer == nullptr) continue;
    RETURN_IF_ERROR(WithPrefix(layer.node->name(),
                               layer.quantizer->Initialize(latent(layer))));
  }
  return absl::OkStatus();
}

int TrainedNetwork::stages() const {
  int stages = 1;
  for (const Layer& layer : layers_) {
    if (layer.quantizer != nullptr)
      stages = std::max(stages, layer.quantizer->stages());
  }
  return stages;
}

absl::Status TrainedNetwork::BeginStage(int stage) {
  for (Layer& layer : layers_) {
    if (layer.quantizer == nullptr || stage >= layer.quantizer->stages())
      continue;
    RETURN_IF_ERROR(
        WithPrefix(layer.node->name(),
                   layer.quantizer->BeginStage(
                       stage, parameters_.tensors[layer.weights].values)));
  }
  const auto forget = [](OptimizerState& state) {
    for (std::vector<float>& values : state)
      std::fill(values.begin(), values.end(), 0.0f);
  };
  for (OptimizerState& state : states_) forget(state);
  for (Layer& layer : layers_) {
    for (OptimizerState& state : layer.quantizer_state) forget(state);
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
  RETURN_IF_ERROR(InitializeQuantizers());
  for (Layer& layer : layers_) {
    const std::vector<QuantizerParameter*> learned = layer.learned();
    for (size_t p = 0; p < learned.size(); ++p) {
      const std::string name = QuantizerName(*layer.node, learned[p]->name);
      RETURN_IF_ERROR(CopyTensor(checkpoint, name, {&learned[p]->value, 1}));
      if (!(learned[p]->value >= learned[p]->least)) {
        return absl::DataLossError(absl::StrCat(name, " is ", learned[p]->value,
                                                ", below what it may be"));
      }
      for (size_t k = 0; k < layer.quantizer_state[p].size(); ++k) {
        RETURN_IF_ERROR(CopyTensor(checkpoint, StateName(name, k),
                                   layer.quantizer_state[p][k]));
      }
    }
    if (layer.quantizer == nullptr) continue;
    for (const QuantizerState& state : layer.quantizer->state()) {
      RETURN_IF_ERROR(CopyTensor(
          checkpoint, QuantizerName(*layer.node, state.name), state.values));
    }
    RETURN_IF_ERROR(
        WithPrefix(layer.node->name(), layer.quantizer->CheckState()));
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
    const std::vector<QuantizerParameter*> learned = layer.learned();
    for (size_t p = 0; p < learned.size(); ++p) {
      const std::string name = QuantizerName(*layer.node, learned[p]->name);
      checkpoint.tensors[name] = {learned[p]->value};
      for (size_t k = 0; k < layer.quantizer_state[p].size(); ++k) {
        checkpoint.tensors[StateName(name, k)] = layer.quantizer_state[p][k];
      }
    }
    if (layer.quantizer == nullptr) continue;
    for (const QuantizerState& state : layer.quantizer->state()) {
      checkpoint.tensors[QuantizerName(*layer.node, state.name)] = {
          state.values.begin(), state.values.end()};
    }
  }
}

void TrainedNetwork::ReplaceQuantizer(
    size_t layer, std::unique_ptr<WeightQuantizer> quantizer) {
  Layer& replaced = layers_[layer];
  replaced.quantizer = std::move(quantizer);
  replaced.quantizer_state.assign(replaced.learned().size(),
                                  InitialOptimizerState(optimizer_, 1));
}

std::vector<QuantizerParameter*> TrainedNetwork::Layer::learned() const {
  std::vector<QuantizerParameter*> learned;
  const auto add = [&](std::span<QuantizerParameter> parameters) {
    for (QuantizerParameter& parameter : parameters)
      learned.push_back(&parameter);
  };
  if (quantizer != nullptr) add(quantizer->parameters());
  if (activations != nullptr) add(activations->parameters());
  return learned;
}

std::vector<NodeValues> TrainedNetwork::Values(bool training) {
  std::vector<NodeValues> values(
      (training ? whole_graph_ : graph_).nodes_size());
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
      if (layer.weights != of.weights) continue;
      if (layer.quantizer != nullptr) values[i].weights = layer.computed;
      values[i].activations = layer.activations.get();
      values[i].gradients = layer.gradients.get();
    }
  }
  // The map's elements stay where they are.
  for (const auto& [node, noise] : dropout_) {
    if (node < static_cast<int>(values.size())) values[node].noise = &noise;
  }
  return values;
}

Parameters TrainedNetwork::ParametersWithoutHeads() const {
  Parameters parameters = parameters_;
  int tensors = 0;
  parameters.nodes.resize(graph_.nodes_size());
  for (const NodeParameters& of : parameters.nodes) {
    for (const int tensor :
         {of.weights, of.bias, of.scale, of.shift, of.mean, of.variance})
      tensors = std::max(tensors, tensor + 1);
  }
  // Those of the heads come last.
  parameters.tensors.resize(tensors);
  return parameters;
}

void TrainedNetwork::Quantize() {
#pragma omp parallel for schedule(dynamic)
  for (Layer& layer : layers_) {
    if (layer.quantizer != nullptr)
      layer.quantizer->Quantize(latent(layer), layer.computed);
  }
}

void TrainedNetwork::SetStep(int64_t step) {
  for (Layer& layer : layers_) {
    if (layer.gradients != nullptr) layer.gradients->set_step(step);
  }
  for (int i = 0; i < whole_graph_.nodes_size(); ++i) {
    const Node& node = whole_graph_.nodes(i);
    if (!node.has_dropout()) continue;
    dropout_.insert_or_assign(
        i, RandomStream(seed_, kDropout, Crc32c(node.name()), step));
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
  std::vector<std::span<const float>> frozen(parameters_.tensors.size());
  for (const Layer& layer : layers_) {
    if (layer.quantizer != nullptr)
      frozen[layer.weights] = layer.quantizer->frozen();
  }
#pragma omp parallel for schedule(dynamic)
  for (size_t i = 0; i < parameters_.tensors.size(); ++i) {
    ParameterTensor& tensor = parameters_.tensors[i];
    if (!tensor.trained()) continue;
    UpdateTensor(optimizer_, learning_rate, step,
                 /*decay=*/tensor.role == ParameterTensor::Role::kWeights,
                 gradients_[i], frozen[i], tensor.values, states_[i]);
  }
  for (Layer& layer : layers_) {
    const std::vector<QuantizerParameter*> learned = layer.learned();
    for (size_t p = 0; p < learned.size(); ++p) {
      UpdateTensor(optimizer_, learning_rate, step, learned[p]->decays,
                   {&learned[p]->gradient, 1}, /*frozen=*/{},
                   {&learned[p]->value, 1}, layer.quantizer_state[p]);
      // What is no number stays none.
      if (learned[p]->value < learned[p]->least)
        learned[p]->value = learned[p]->least;
    }
  }
}

std::string TrainedNetwork::FirstNonfiniteValue() const {
  for (const ParameterTensor& tensor : parameters_.tensors) {
    if (tensor.trained() && !AllFinite(tensor.values)) return tensor.name;
  }
  for (const Layer& layer : layers_) {
    for (const QuantizerParameter* learned : layer.learned()) {
      if (!std::isfinite(learned->value))
        return QuantizerName(*layer.node, learned->name);
    }
  }
  return "";
}

std::string TrainedNetwork::FirstNonfiniteGradient() const {
  for (size_t i = 0; i < gradients_.size(); ++i) {
    if (!AllFinite(gradients_[i])) return parameters_.tensors[i].name;
  }
  for (const Layer& layer : layers_) {
    for (const QuantizerParameter* learned : layer.learned()) {
      if (!std::isfinite(learned->gradient))
        return QuantizerName(*layer.node, learned->name);
    }
  }
  return "";
}

std::vector<std::vector<float>> TrainedNetwork::Statistics() const {
  std::vector<std::vector<float>> statistics;
  for (const ParameterTensor& tensor : parameters_.tensors) {
    if (!tensor.trained()) statistics.push_back(tensor.values);
  }
  return statistics;
}

void TrainedNetwork::SetStatistics(
    const std::vector<std::vector<float>>& statistics) {
  size_t next = 0;
  for (ParameterTensor& tensor : parameters_.tensors) {
    // Into the memory that programs know.
    if (tensor.trained()) continue;
    std::copy(statistics[next].begin(), statistics[next].end(),
              tensor.values.begin());
    ++next;
  }
}

std::map<std::string, double> TrainedNetwork::Describe(
    const Layer& layer) const {
  std::map<std::string, double> values;
  if (layer.quantizer != nullptr)
    values = layer.quantizer->Describe(latent(layer));
  if (layer.activations != nullptr) {
    values["activation_bits"] = layer.activations->bits();
    values["activation_step"] = layer.activations->step();
  }
  return values;
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
