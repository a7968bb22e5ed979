#include "models/cost.h"

#include "base/status_macros.h"
#include "models/shape_inference.h"

namespace tritlab {

absl::StatusOr<Cost> CountCost(const Graph& graph) {
  ASSIGN_OR_RETURN(const ShapedGraph shaped, InferShapes(graph, /*batch=*/1));
  Cost cost;
  for (int i = 0; i < graph.nodes_size(); ++i) {
    const Node& node = graph.nodes(i);
    if (node.has_input()) continue;
    const Shape& input = shaped.shapes[shaped.inputs[i][0]];
    const Shape& output = shaped.shapes[i];
    if (node.has_convolution()) {
      const ConvolutionShape shape = ShapeOf(node.convolution(), input);
      cost.parameters +=
          shape.weight_count() + (shape.bias ? shape.out_channels : 0);
      cost.multiply_adds += shape.weight_count() * output.height * output.width;
    } else if (node.has_linear()) {
      const LinearShape shape = ShapeOf(node.linear(), input);
      cost.parameters += (shape.in_features + 1) * shape.out_features;
      cost.multiply_adds += shape.in_features * shape.out_features;
    } else if (node.has_batch_normalization()) {
      cost.parameters += 2 * input.channels;
    }
  }
  return cost;
}

}  // namespace tritlab
