#include "models/parameters.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "models/cost.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

constexpr uint64_t kInitialValues =
    0x696e6974;  // the random stream of this file

}  // namespace

absl::StatusOr<Parameters> InitialParameters(const Graph& graph,
                                             uint64_t seed) {
  using Role = ParameterTensor::Role;
  ASSIGN_OR_RETURN(const ShapedGraph shaped, InferShapes(graph, /*batch=*/1));
  // A file may state any network.
  ASSIGN_OR_RETURN(const Cost cost, CountCost(graph));
  RETURN_IF_ERROR(
      CheckMemory(absl::StrCat("the parameters of ", graph.name()),
                  sizeof(float) * static_cast<double>(cost.parameters),
                  "use a smaller network"));
  Parameters parameters;
  const auto add = [&](const Node& node, const char* suffix, Role role,
                       int64_t count, float value) {
    parameters.tensors.push_back(
        {.name = absl::StrCat(node.name(), "/", suffix),
         .role = role,
         .values = std::vector<float>(count, value)});
    return static_cast<int>(parameters.tensors.size()) - 1;
  };
  // Each tensor has a stream of its own: how many numbers one takes does not
  // change what the next one gets.
  const auto stream = [&](int tensor) {
    return RandomStream(seed, kInitialValues, tensor);
  };
  for (int i = 0; i < graph.nodes_size(); ++i) {
    const Node& node = graph.nodes(i);
    NodeParameters of;
    if (node.has_convolution()) {
      const ConvolutionShape shape =
          ShapeOf(node.convolution(), shaped.shapes[shaped.inputs[i][0]]);
      of.weights =
          add(node, "weights", Role::kWeights, shape.weight_count(), 0);
      ParameterTensor& weights = parameters.tensors[of.weights];
      weights.fan_in = shape.weight_count() / shape.out_channels;
      stream(of.weights)
          .FillNormal(0, std::sqrt(2.0f / weights.fan_in), weights.values);
      if (shape.bias)
        of.bias = add(node, "bias", Role::kBias, shape.out_channels, 0);
    } else if (node.has_linear()) {
      const LinearShape shape =
          ShapeOf(node.linear(), shaped.shapes[shaped.inputs[i][0]]);
      of.weights = add(node, "weights", Role::kWeights,
                       shape.in_features * shape.out_features, 0);
      of.bias = add(node, "bias", Role::kBias, shape.out_features, 0);
      const float bound = 1 / std::sqrt(static_cast<float>(shape.in_features));
      parameters.tensors[of.weights].fan_in = shape.in_features;
      stream(of.weights)
          .FillUniform(-bound, bound, parameters.tensors[of.weights].values);
      stream(of.bias).FillUniform(-bound, bound,
                                  parameters.tensors[of.bias].values);
    } else if (node.has_batch_normalization()) {
      const int64_t channels = shaped.shapes[i].channels;
      of.scale = add(node, "scale", Role::kScale, channels, 1);
      of.shift = add(node, "shift", Role::kShift, channels, 0);
      of.mean = add(node, "mean", Role::kMean, channels, 0);
      of.variance = add(node, "variance", Role::kVariance, channels, 1);
    }
    parameters.nodes.push_back(of);
  }
  return parameters;
}

std::vector<int> WeightedNodes(const Graph& graph) {
  std::vector<int> weighted;
  for (int i = 0; i < graph.nodes_size(); ++i) {
    if (graph.nodes(i).has_convolution() || graph.nodes(i).has_linear())
      weighted.push_back(i);
  }
  return weighted;
}

}  // namespace tritlab
