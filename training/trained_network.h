// A network while it is trained: latent weights, what its layers compute with,
// gradients and optimizer state.
//
//   latent --Quantize--> computed --program--> loss
//   latent <--Update-- gradient <--Backpropagate-- gradient of computed
//   <--program--
//
// Quantizers sit between latent and computed weights, and nowhere else. A layer
// in full precision computes with its latent weights themselves.
//
// Training heads (models/training_heads.h) are trained with the network, and
// are in its checkpoints so that training can go on. They stay in full
// precision, for they are thrown away: policies, layers() and what is said of
// layers know nothing of them.
#ifndef TRITLAB_TRAINING_TRAINED_NETWORK_H_
#define TRITLAB_TRAINING_TRAINED_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/random.h"
#include "models/checkpoint.h"
#include "models/graph.pb.h"
#include "models/parameters.h"
#include "quant/activation_quantizer.h"
#include "quant/dorefa_gradients.h"
#include "quant/quantizer.h"
#include "training/operator.h"
#include "training/optimizer.h"
#include "training/phase.pb.h"

namespace tritlab {

class TrainedNetwork {
 public:
  // Draws initial weights from the seed and makes the quantizers of the policy;
  // their scales are set by Initialize or Restore.
  static absl::StatusOr<std::unique_ptr<TrainedNetwork>> Create(
      const Graph& graph, const Policy& policy, const OptimizerSpec& optimizer,
      uint64_t seed);

  // How many stages the quantizers divide the phase into, and the beginning of
  // each: quantizers freeze what they will, and the optimizer forgets the
  // gradients of the stage before. InvalidArgument, naming the layer, when a
  // weight is no finite number.
  int stages() const;
  absl::Status BeginStage(int stage);

  // Begins a phase: quantizers take their first scales from the weights. With a
  // checkpoint (an earlier phase's), the weights come from there, and what that
  // phase's optimizer and quantizers knew is left behind.
  absl::Status Initialize(const Checkpoint* start);
  // Goes on with a phase: everything as WriteTo left it.
  absl::Status Restore(const Checkpoint& checkpoint);
  void WriteTo(Checkpoint& checkpoint) const;

  // Puts another quantizer in the place of the one that layers()[layer] has, to
  // compute with what that gives; it is neither initialized nor restored.
  void ReplaceQuantizer(size_t layer,
                        std::unique_ptr<WeightQuantizer> quantizer);

  const Graph& graph() const { return graph_; }
  // What is trained: WithTrainingHeads(graph()), which has its nodes first.
  const Graph& whole_graph() const { return whole_graph_; }
  // What programs are compiled with: in training an entry a node of
  // whole_graph(), with gradients; else one a node of graph(), without.
  std::vector<NodeValues> Values(bool training);

  // computed = q(latent), for every quantized layer.
  void Quantize();
  // Before a forward pass in training: which step of the phase dropout and the
  // quantizers of gradients draw their noise for. Step 0 until then.
  void SetStep(int64_t step);
  // After the program's backward pass: from gradients of computed weights to
  // those of latent ones.
  void Backpropagate();
  // One optimizer step on all that is trained. `step` counts from 1 within the
  // stage.
  void Update(double learning_rate, int64_t step);

  // The convolutions and linear layers of graph(), first to last.
  struct Layer {
    const Node* node = nullptr;
    int weights = -1;  // index into parameters().tensors
    std::unique_ptr<WeightQuantizer> quantizer;  // nullptr: full precision
    std::unique_ptr<ActivationQuantizer> activations;  // nullptr: likewise
    std::unique_ptr<DorefaGradients> gradients;        // nullptr: likewise
    std::vector<OptimizerState> quantizer_state;  // one a learned parameter
    std::vector<float> computed;  // empty where weights are in full precision

    // What the layer's quantizers learn.
    std::vector<QuantizerParameter*> learned() const;
  };
  const std::vector<Layer>& layers() const { return layers_; }
  // Of whole_graph(); and those of graph() alone.
  const Parameters& parameters() const { return parameters_; }
  Parameters ParametersWithoutHeads() const;
  std::span<const float> latent(const Layer& layer) const {
    return parameters_.tensors[layer.weights].values;
  }
  std::span<const float> computed(const Layer& layer) const {
    return layer.quantizer == nullptr ? latent(layer)
                                      : std::span<const float>(layer.computed);
  }

  // After Backpropagate: dL/dw of the latent weights, until the next backward
  // pass.
  std::span<const float> gradient(const Layer& layer) const {
    return gradients_[layer.weights];
  }

  // The first trained values that are not all finite numbers, likewise
  // gradients: "NODE/weights", "NODE#w_p"; empty when all are.
  std::string FirstNonfiniteValue() const;
  std::string FirstNonfiniteGradient() const;

  // Batch normalization's running statistics, which a forward pass in training
  // moves; and back to what they were.
  std::vector<std::vector<float>> Statistics() const;
  void SetStatistics(const std::vector<std::vector<float>>& statistics);

  // What a report says of the layer: what its quantizers learned and chose.
  std::map<std::string, double> Describe(const Layer& layer) const;
  // The share of zeros among the values that the layers compute with.
  double WeightSparsity() const;

 private:
  TrainedNetwork(const Graph& graph, Graph whole_graph,
                 const OptimizerSpec& optimizer, uint64_t seed)
      : graph_(graph),
        whole_graph_(std::move(whole_graph)),
        optimizer_(optimizer),
        seed_(seed) {}
  absl::Status InitializeQuantizers();

  const Graph graph_;
  const Graph whole_graph_;
  const OptimizerSpec optimizer_;
  const uint64_t seed_;
  Parameters parameters_;
  std::vector<std::vector<float>>
      gradients_;  // [tensor]; empty where it is not trained
  std::vector<OptimizerState> states_;  // [tensor]
  std::vector<Layer> layers_;
  std::map<int, RandomStream>
      dropout_;  // [node of whole_graph_], of the current step
};

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_TRAINED_NETWORK_H_
