#include "models/shape_inference.h"

#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

// oneDNN counts extents in 32 bits; 2^40 elements are more than any machine has
// the memory for.
constexpr int64_t kLargestExtent = (int64_t{1} << 31) - 1;
constexpr double kLargestSize = 0x1p40;

bool TooLarge(const Shape& shape) {
  return shape.height > kLargestExtent || shape.width > kLargestExtent ||
         shape.channels > kLargestExtent ||
         static_cast<double>(shape.batch) * shape.height * shape.width *
                 shape.channels >
             kLargestSize;
}

absl::StatusOr<Shape> OutputShape(const Node& node,
                                  const std::vector<Shape>& inputs,
                                  int64_t batch) {
  const size_t wanted = node.has_input() ? 0 : node.has_add() ? 2 : 1;
  const bool any_number = node.has_concat() && !inputs.empty();
  if (inputs.size() != wanted && !any_number) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "it has %d inputs; it needs %d", inputs.size(), wanted));
  }
  switch (node.operator_case()) {
    case Node::kInput: {
      const InputOperator& input = node.input();
      const Shape shape{batch, input.height(), input.width(), input.channels()};
      if (batch < 1 || shape.height < 1 || shape.width < 1 ||
          shape.channels < 1) {
        return absl::InvalidArgumentError(absl::StrCat(
            "the input is ", ToString(shape), "; all must be positive"));
      }
      return shape;
    }
    case Node::kConvolution: {
      const ConvolutionShape shape = ShapeOf(node.convolution(), inputs[0]);
      RETURN_IF_ERROR(shape.Validate());
      return shape.output();
    }
    case Node::kBatchNormalization: {
      RETURN_IF_ERROR(
          ShapeOf(node.batch_normalization(), inputs[0]).Validate());
      return inputs[0];
    }
    case Node::kRelu:
      return inputs[0];
    case Node::kAdd:
      if (!(inputs[0] == inputs[1])) {
        return absl::InvalidArgumentError(
            absl::StrCat("it adds ", ToString(inputs[0]), " to ",
                         ToString(inputs[1]), "; they must be alike"));
      }
      return inputs[0];
    case Node::kPooling: {
      if (node.pooling().kind() == PoolingOperator::KIND_UNSPECIFIED) {
        return absl::InvalidArgumentError("pooling.kind is not set");
      }
      const PoolingShape shape = ShapeOf(node.pooling(), inputs[0]);
      RETURN_IF_ERROR(shape.Validate());
      return shape.output();
    }
    case Node::kChannelPad: {
      const ChannelPadOperator& pad = node.channel_pad();
      if (pad.before() < 0 || pad.behind() < 0 ||
          pad.before() > kLargestExtent || pad.behind() > kLargestExtent) {
        return absl::InvalidArgumentError(
            "channel_pad is negative or too large");
      }
      Shape shape = inputs[0];
      shape.channels += pad.before() + pad.behind();
      return shape;
    }
    case Node::kLinear: {
      RETURN_IF_ERROR(ShapeOf(node.linear(), inputs[0]).Validate());
      return Shape{batch, 1, 1, node.linear().out_features()};
    }
    case Node::kConcat: {
      Shape shape = inputs[0];
      for (size_t i = 1; i < inputs.size(); ++i) {
        if (inputs[i].height != shape.height ||
            inputs[i].width != shape.width) {
          return absl::InvalidArgumentError(absl::StrCat(
              "it concatenates ", ToString(inputs[0]), " with ",
              ToString(inputs[i]), "; they must be alike in height and width"));
        }
        shape.channels += inputs[i].channels;
      }
      return shape;
    }
    case Node::kLocalResponseNormalization: {
      RETURN_IF_ERROR(
          ShapeOf(node.local_response_normalization(), inputs[0]).Validate());
      return inputs[0];
    }
    case Node::kDropout:
      if (!(node.dropout().rate() >= 0 && node.dropout().rate() < 1)) {
        return absl::InvalidArgumentError(
            absl::StrCat("dropout.rate is ", node.dropout().rate(),
                         "; it must be at least 0 and below 1"));
      }
      return inputs[0];
    case Node::OPERATOR_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("it has no operator");
}

}  // namespace

ConvolutionShape ShapeOf(const ConvolutionOperator& convolution,
                         const Shape& input) {
  return {.input = input,
          .out_channels = convolution.out_channels(),
          .kernel_height = convolution.kernel_height(),
          .kernel_width = convolution.kernel_width(),
          .stride = convolution.stride(),
          .padding = convolution.padding(),
          .groups = convolution.groups(),
          .bias = convolution.bias()};
}

PoolingShape ShapeOf(const PoolingOperator& pooling, const Shape& input) {
  const bool global = pooling.window() == 0;
  return {.kind = pooling.kind() == PoolingOperator::MAX
                      ? PoolingShape::Kind::kMax
                      : PoolingShape::Kind::kAverage,
          .input = input,
          .window_height = global ? input.height : pooling.window(),
          .window_width = global ? input.width : pooling.window(),
          .stride = pooling.stride(),
          .padding = pooling.padding(),
          .ceil_mode = pooling.ceil_mode()};
}

LinearShape ShapeOf(const LinearOperator& linear, const Shape& input) {
  return {.batch = input.batch,
          .in_features = input.image_size(),
          .out_features = linear.out_features()};
}

BatchNormalizationShape ShapeOf(const BatchNormalizationOperator& normalization,
                                const Shape& input) {
  return {.input = input, .epsilon = normalization.epsilon(), .relu = false};
}

LocalResponseNormalizationShape ShapeOf(
    const LocalResponseNormalizationOperator& normalization,
    const Shape& input) {
  return {.input = input,
          .size = normalization.size(),
          .alpha = normalization.alpha(),
          .beta = normalization.beta(),
          .k = normalization.k()};
}

absl::StatusOr<ShapedGraph> InferShapes(const Graph& graph, int64_t batch) {
  if (graph.nodes_size() < 2 || !graph.nodes(0).has_input()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "graph \"", graph.name(), "\" does not begin with its input"));
  }
  ShapedGraph shaped;
  std::map<std::string, int> index;
  for (int i = 0; i < graph.nodes_size(); ++i) {
    const Node& node = graph.nodes(i);
    const auto error = [&](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat(
          "graph \"", graph.name(), "\", node \"", node.name(), "\": ", what));
    };
    if (node.name().empty() || !index.emplace(node.name(), i).second)
      return error("its name is empty or used before");
    if (i > 0 && node.has_input()) return error("a second input");
    std::vector<int> inputs;
    std::vector<Shape> input_shapes;
    for (const std::string& name : node.inputs()) {
      const auto found = index.find(name);
      if (found == index.end() || found->second == i)
        return error(absl::StrCat("no node before it is named \"", name, "\""));
      inputs.push_back(found->second);
      input_shapes.push_back(shaped.shapes[found->second]);
    }
    auto shape = OutputShape(node, input_shapes, batch);
    if (!shape.ok()) return error(shape.status().message());
    if (TooLarge(*shape)) {
      return error(
          absl::StrCat("its output of ", ToString(*shape), " is too large"));
    }
    shaped.inputs.push_back(std::move(inputs));
    shaped.shapes.push_back(*shape);
  }
  return shaped;
}

}  // namespace tritlab
