// The values that a network is made of beside its graph.
#ifndef TRITLAB_MODELS_PARAMETERS_H_
#define TRITLAB_MODELS_PARAMETERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/graph.pb.h"

namespace tritlab {

struct ParameterTensor {
  enum class Role {
    kWeights,  // of a convolution (OHWI) or a linear layer ([out][in]); the
               // latent ones while it is quantized
    kBias,     // one an output channel
    kScale,    // batch normalization's, one a channel
    kShift,
    kMean,  // batch normalization's running statistics: not trained
    kVariance,
  };
  std::string name;  // "NODE/weights", "NODE/scale", ...
  Role role = Role::kWeights;
  int64_t fan_in = 0;  // of weights: the inputs of one output
  std::vector<float> values;

  bool trained() const {
    return role != Role::kMean && role != Role::kVariance;
  }
};

// The parameters of one node: indices into Parameters::tensors, -1 where the
// node has none.
struct NodeParameters {
  int weights = -1;
  int bias = -1;
  int scale = -1;
  int shift = -1;
  int mean = -1;
  int variance = -1;
};

struct Parameters {
  std::vector<ParameterTensor> tensors;  // in the order of the nodes
  std::vector<NodeParameters> nodes;     // [node]
};

// Draws initial values. Convolutions: He et al. 2015, normal with variance 2 /
// fan_in. Linear layers: uniform in
// +-1/sqrt(fan_in), biases too. Batch normalization: scale 1, shift 0, mean 0,
// variance 1. ResourceExhausted before memory is taken that there is not.
absl::StatusOr<Parameters> InitialParameters(const Graph& graph, uint64_t seed);

// The nodes with weights (convolutions and linear layers), first to last: what
// a quantization policy is about.
std::vector<int> WeightedNodes(const Graph& graph);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_PARAMETERS_H_
