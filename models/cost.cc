#include "models/cost.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

// Of one layer, so that their sum fits into 64 bits.
constexpr double kMostMultiplyAdds = 0x1p50;

}  // namespace

absl::StatusOr<std::vector<LayerWork>> WorkOf(const Graph& graph) {
  ASSIGN_OR_RETURN(const ShapedGraph shaped, InferShapes(graph, /*batch=*/1));
  std::vector<LayerWork> layers;
  for (int i = 0; i < graph.nodes_size(); ++i) {
    const Node& node = graph.nodes(i);
    if (!node.has_convolution() && !node.has_linear()) continue;
    const Shape& input = shaped.shapes[shaped.inputs[i][0]];
    const Shape& output = shaped.shapes[i];
    LayerWork work;
    work.name = node.name();
    work.inputs = input.image_size();
    work.outputs = output.image_size();
    if (node.has_convolution()) {
      work.weights = ShapeOf(node.convolution(), input).weight_count();
      if (static_cast<double>(work.weights) *
              static_cast<double>(output.height * output.width) >
          kMostMultiplyAdds) {
        return absl::InvalidArgumentError(
            absl::StrCat("graph \"", graph.name(), "\", node \"", node.name(),
                         "\": has more multiplications than can be counted"));
      }
      work.multiply_adds = work.weights * output.height * output.width;
    } else {
      const LinearShape shape = ShapeOf(node.linear(), input);
      work.weights = shape.in_features * shape.out_features;
      work.multiply_adds = work.weights;
    }
    layers.push_back(work);
  }
  return layers;
}

absl::StatusOr<Cost> CountCost(const Graph& graph) {
  ASSIGN_OR_RETURN(const std::vector<LayerWork> layers, WorkOf(graph));
  ASSIGN_OR_RETURN(const ShapedGraph shaped, InferShapes(graph, /*batch=*/1));
  Cost cost;
  for (const LayerWork& layer : layers) {
    cost.parameters += layer.weights;
    cost.multiply_adds += layer.multiply_adds;
  }
  for (int i = 0; i < graph.nodes_size(); ++i) {
    const Node& node = graph.nodes(i);
    const int64_t channels = shaped.shapes[i].channels;
    if (node.has_linear() || node.convolution().bias())
      cost.parameters += channels;
    if (node.has_batch_normalization()) cost.parameters += 2 * channels;
  }
  return cost;
}

}  // namespace tritlab
