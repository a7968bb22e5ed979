#include "onnx/export_operators.h"

namespace tritlab {
namespace {

std::string AppendPooling(const PoolingShape& shape, bool is_global,
                          const std::string& name,
                          const std::vector<std::string>& inputs,
                          ModelBuilder& builder) {
  const bool max = shape.kind == PoolingShape::Kind::kMax;
  if (is_global) {
    return builder.Node(max ? "GlobalMaxPool" : "GlobalAveragePool", name,
                        inputs);
  }
  builder.Node(max ? "MaxPool" : "AveragePool", name, inputs);
  builder.SetAll("kernel_shape", {shape.window_height, shape.window_width});
  builder.SetAll("strides", {shape.stride, shape.stride});
  // Padding at the end stands for ceil_mode, which runtimes differ in.
  builder.SetAll("pads", {shape.padding, shape.padding, shape.padding_bottom(),
                          shape.padding_right()});
  return name;
}

}  // namespace

std::string AppendConv(const ConvolutionShape& shape, const std::string& name,
                       const std::vector<std::string>& inputs,
                       ModelBuilder& builder) {
  builder.Node("Conv", name, inputs);
  builder.SetAll("kernel_shape", {shape.kernel_height, shape.kernel_width});
  builder.SetAll("strides", {shape.stride, shape.stride});
  builder.SetAll("pads",
                 {shape.padding, shape.padding, shape.padding, shape.padding});
  builder.Set("group", shape.groups);
  return name;
}

std::string AppendGemm(const std::string& name, const std::string& input,
                       const std::string& weights, const std::string& bias,
                       ModelBuilder& builder) {
  const std::string flat = builder.Node("Flatten", name + ".flat", {input});
  builder.Node("Gemm", name, {flat, weights, bias});
  builder.Set("transB", int64_t{1});
  return name;
}

std::string AppendWithoutWeights(const Node& node, const Shape& input_shape,
                                 const std::vector<std::string>& inputs,
                                 ModelBuilder& builder) {
  const std::string& name = node.name();
  switch (node.operator_case()) {
    case Node::kRelu:
      return builder.Node("Relu", name, inputs);
    case Node::kAdd:
      return builder.Node("Add", name, inputs);
    case Node::kPooling:
      return AppendPooling(ShapeOf(node.pooling(), input_shape),
                           node.pooling().window() == 0, name, inputs, builder);
    case Node::kChannelPad: {
      const ChannelPadOperator& pad = node.channel_pad();
      const std::string pads = builder.Integers(
          name + ".pads", {0, pad.before(), 0, 0, 0, pad.behind(), 0, 0});
      return builder.Node("Pad", name, {inputs[0], pads});
    }
    case Node::kConcat:
      builder.Node("Concat", name, inputs);
      builder.Set("axis", int64_t{1});
      return name;
    case Node::kLocalResponseNormalization: {
      const LocalResponseNormalizationOperator& normalization =
          node.local_response_normalization();
      builder.Node("LRN", name, inputs);
      builder.Set("size", normalization.size());
      builder.Set("alpha", normalization.alpha());
      builder.Set("beta", normalization.beta());
      builder.Set("bias", normalization.k());
      return name;
    }
    case Node::kDropout: {
      const float rate = node.dropout().rate();
      const std::string ratio =
          builder.Tensor(name + ".ratio", {}, std::span<const float>(&rate, 1));
      return builder.Node("Dropout", name, {inputs[0], ratio});
    }
    default:
      return "";
  }
}

std::string UnusedName(const Graph& graph, absl::string_view wanted) {
  std::string name(wanted);
  for (int i = 0; i < graph.nodes_size();) {
    const bool taken = graph.nodes(i).name() == name;
    if (taken) name += "_";
    i = taken ? 0 : i + 1;
  }
  return name;
}

std::string AppendImage(const Graph& graph, ModelBuilder& builder) {
  const InputOperator& image = graph.nodes(0).input();
  return builder.Input(graph.nodes(0).name(),
                       {0, image.channels(), image.height(), image.width()});
}

void AppendLogits(const Graph& graph, const Shape& shape,
                  const std::string& last, ModelBuilder& builder) {
  const std::string name = UnusedName(graph, "logits");
  builder.Node("Flatten", name, {last});
  builder.Output(name, {0, shape.image_size()});
}

}  // namespace tritlab
