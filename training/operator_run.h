// What is said of every operator that a program runs, for those who follow a
// step as it goes: profiles, and training on several machines.
#ifndef TRITLAB_TRAINING_OPERATOR_RUN_H_
#define TRITLAB_TRAINING_OPERATOR_RUN_H_

#include <cstdint>
#include <functional>

#include "absl/strings/string_view.h"

namespace tritlab {

// The parts of a training step that operators run in.
enum class Pass {
  kLoadWeights,
  kForward,
  // Convolutions and linear layers: the gradients of weights and bias.
  kBackwardWeights,
  // The gradient of what the operator reads, and of its remaining parameters.
  kBackward,
  // The sum of two gradients that consumers sent to one output.
  kSumGradients,
};

struct OperatorRun {
  // The first node that the operator stands for, as an index into the graph:
  // the one that has its parameters. Once its kBackward is over, the gradients
  // of the node's parameters (save for its quantizers' own) are final.
  int node = 0;
  // The operators of the nodes that are computed as one, as graph.proto calls
  // them: "convolution", "batch_normalization+add+relu"; or
  // "activation_quantizer" for what quantizes the node's activations, which has
  // passes of its own.
  absl::string_view kind;
  bool quantizes_input = false;  // the operator is such a quantizer
  Pass pass = Pass::kForward;
  double start_seconds = 0;  // of the monotonic clock
  double seconds = 0;
  // What the pass cannot do without: multiply-adds of weights with activations
  // or gradients, and the bytes of weights, activations and gradients when each
  // is read or written once.
  int64_t multiply_adds = 0;
  int64_t bytes = 0;
};

using OperatorObserver = std::function<void(const OperatorRun& run)>;

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_OPERATOR_RUN_H_
