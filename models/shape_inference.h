// Shapes of every node's output, and what kernels are asked for, from a graph.
#ifndef TRITLAB_MODELS_SHAPE_INFERENCE_H_
#define TRITLAB_MODELS_SHAPE_INFERENCE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/batch_normalization.h"
#include "kernels/convolution.h"
#include "kernels/linear.h"
#include "kernels/local_response_normalization.h"
#include "kernels/pooling.h"
#include "kernels/tensor.h"
#include "models/graph.pb.h"

namespace tritlab {

// A graph with its names resolved: what node i reads, and the shape of what it
// writes, for one batch size.
struct ShapedGraph {
  std::vector<std::vector<int>> inputs;  // [node] -> nodes
  std::vector<Shape> shapes;             // [node]
};

// Checks the whole graph. InvalidArgument, naming the node, when a name is
// missing or used twice, the number of inputs is wrong, shapes do not fit, or a
// node without an operator is met; when the first node is not the one input.
absl::StatusOr<ShapedGraph> InferShapes(const Graph& graph, int64_t batch);

// The kernels' shapes of single operators on an input.
ConvolutionShape ShapeOf(const ConvolutionOperator& convolution,
                         const Shape& input);
PoolingShape ShapeOf(const PoolingOperator& pooling, const Shape& input);
LinearShape ShapeOf(const LinearOperator& linear, const Shape& input);
BatchNormalizationShape ShapeOf(const BatchNormalizationOperator& normalization,
                                const Shape& input);
LocalResponseNormalizationShape ShapeOf(
    const LocalResponseNormalizationOperator& normalization,
    const Shape& input);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_SHAPE_INFERENCE_H_
