#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "models/shape_inference.h"
#include "onnx/import_operators.h"
#include "onnx/node_attributes.h"

namespace tritlab {
namespace {

// One value a channel of `value`, from a constant that ONNX would broadcast to
// its extents.
absl::StatusOr<std::vector<float>> ByChannel(const Constant& constant,
                                             const ImportedValue& value) {
  const int64_t channels = value.shape.channels;
  const std::vector<int64_t>& extents = constant.extents();
  // Counted from the last axis, as ONNX does: where channels are.
  const size_t behind = value.is_image() ? 2 : 0;
  const bool fits = constant.count() == channels && extents.size() > behind &&
                    extents[extents.size() - 1 - behind] == channels &&
                    value.extents[1] == channels;
  if (constant.count() != 1 && !fits) {
    return absl::UnimplementedError(
        absl::StrCat("a constant of ", ExtentsToString(extents), " with ",
                     ExtentsToString(value.extents),
                     "; only one value, or one a channel, is possible"));
  }
  std::vector<float> values = constant.Floats();
  if (constant.count() == 1) values.assign(channels, values[0]);
  return values;
}

// Each channel's weights times that channel's factor.
void Multiply(const std::vector<float>& factors, std::vector<float>& values) {
  const size_t n = values.size() / factors.size();
  for (size_t i = 0; i < values.size(); ++i) values[i] *= factors[i / n];
}

// The layer that gives the input, for this node alone. It has values for each
// of its channels, so that there is memory for some more.
absl::StatusOr<Node*> LayerBehind(const ImportedNode& node, int input) {
  ImportContext& context = node.context();
  const std::string& name = node.proto().input(input);
  const ImportedValue& value = *context.Find(name);
  Node* layer = context.FindNode(value.node);
  if (layer == nullptr || !context.IsOnlyReader(name, value) ||
      !(layer->has_convolution() || layer->has_linear() ||
        layer->has_batch_normalization())) {
    return absl::UnimplementedError(absl::StrCat(
        "a constant with ", name,
        ", which no convolution, linear layer or batch normalization gives "
        "for this alone"));
  }
  return layer;
}

// Makes the layer give `scale` * x + `shift` by channel.
absl::Status TakeIn(const std::vector<float>& scale,
                    const std::vector<float>& shift, ImportContext& context,
                    Node& layer) {
  const char* shift_name = "bias";
  if (layer.has_batch_normalization()) {
    shift_name = "shift";
  } else if (layer.has_convolution() && !layer.convolution().bias()) {
    RETURN_IF_ERROR(context.ReserveValues(static_cast<int64_t>(shift.size())));
    layer.mutable_convolution()->set_bias(true);
    context.Tensor(layer, "bias").assign(shift.size(), 0.0f);
  }
  Multiply(scale,
           context.Tensor(
               layer, layer.has_batch_normalization() ? "scale" : "weights"));
  std::vector<float>& shifts = context.Tensor(layer, shift_name);
  for (size_t i = 0; i < shifts.size(); ++i)
    shifts[i] = scale[i] * shifts[i] + shift[i];
  return absl::OkStatus();
}

// Add, Sub, Mul or Div of an activation and a constant.
absl::Status TakeInConstant(const ImportedNode& node) {
  const std::string& op = node.proto().op_type();
  if (node.inputs() != 2)
    return absl::InvalidArgumentError("it must have two inputs");
  int input = 0;
  if (!node.Activation(0).ok() && node.Activation(1).ok()) input = 1;
  ASSIGN_OR_RETURN(const ImportedValue* value, node.Activation(input));
  if (node.Activation(1 - input).ok())
    return absl::UnimplementedError("both inputs depend on the image");
  ASSIGN_OR_RETURN(const Constant* constant, node.ConstantInput(1 - input));
  if (op == "Div" && input == 1)
    return absl::UnimplementedError("a constant is divided by the activation");
  ASSIGN_OR_RETURN(Node* const layer, LayerBehind(node, input));
  ASSIGN_OR_RETURN(const std::vector<float> values,
                   ByChannel(*constant, *value));
  std::vector<float> scale(values.size(), 1.0f), shift(values.size(), 0.0f);
  for (size_t c = 0; c < values.size(); ++c) {
    if (op == "Mul") {
      scale[c] = values[c];
    } else if (op == "Div") {
      scale[c] = 1 / values[c];
    } else {
      shift[c] = values[c];
      if (op == "Sub") (input == 1 ? scale : shift)[c] *= -1;
    }
  }
  RETURN_IF_ERROR(TakeIn(scale, shift, node.context(), *layer));
  node.GiveView(input, std::vector<int64_t>(value->extents));
  return absl::OkStatus();
}

// One Add node for each input but the first.
absl::Status ImportSum(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const ImportedValue* sum, node.Activation(0));
  std::vector<const ImportedValue*> terms;
  for (int i = 0; i < node.inputs(); ++i) {
    ASSIGN_OR_RETURN(const ImportedValue* term, node.Activation(i));
    if (term->extents != sum->extents || !(term->shape == sum->shape)) {
      return absl::UnimplementedError(absl::StrCat(
          "it adds ", ExtentsToString(sum->extents), " and ",
          ExtentsToString(term->extents), "; only equal extents are possible"));
    }
    for (const ImportedValue* other : terms) {
      if (other->node == term->node)
        return absl::UnimplementedError("it adds a value to itself");
    }
    terms.push_back(term);
  }
  if (terms.size() == 1) {
    node.GiveView(0, std::vector<int64_t>(sum->extents));
    return absl::OkStatus();
  }
  const Node* made = nullptr;
  for (size_t i = 1; i < terms.size(); ++i) {
    const std::string so_far = made == nullptr ? sum->node : made->name();
    Node* next = node.context().Append(node.Name(), {so_far, terms[i]->node});
    next->mutable_add();
    made = next;
  }
  node.Give(*made, sum->shape, sum->extents);
  return absl::OkStatus();
}

absl::Status ImportAdd(const ImportedNode& node) {
  if (node.inputs() == 2 && node.Activation(0).ok() && node.Activation(1).ok())
    return ImportSum(node);
  return TakeInConstant(node);
}

// A node of the same extents as its input.
absl::Status AppendElementwise(const ImportedNode& node, const Node& wanted) {
  ASSIGN_OR_RETURN(const ImportedValue* input, node.Activation(0));
  Node* made = node.context().Append(node.Name(), {input->node});
  made->MergeFrom(wanted);
  node.Give(*made, input->shape, input->extents);
  return absl::OkStatus();
}

absl::Status ImportRelu(const ImportedNode& node) {
  Node wanted;
  wanted.mutable_relu();
  return AppendElementwise(node, wanted);
}

absl::StatusOr<float> Limit(const ImportedNode& node, int input,
                            const char* attribute, float otherwise) {
  if (!node.has_input(input))
    return FloatAttribute(node.proto(), attribute, otherwise);
  ASSIGN_OR_RETURN(const Constant* constant, node.ConstantInput(input));
  if (constant->count() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(attribute, " must be one value"));
  }
  return constant->Floats()[0];
}

absl::Status ImportClip(const ImportedNode& node) {
  constexpr float kMost = std::numeric_limits<float>::max();
  ASSIGN_OR_RETURN(const float least, Limit(node, 1, "min", -kMost));
  ASSIGN_OR_RETURN(const float most, Limit(node, 2, "max", kMost));
  if (least != 0 || !(most >= kMost)) {
    return absl::UnimplementedError(
        absl::StrCat("it clips to ", least, " to ", most,
                     "; only ReLU's 0 to infinity is possible"));
  }
  return ImportRelu(node);
}

absl::Status ImportDropout(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const float rate, Limit(node, 1, "ratio", 0.5f));
  if (!(rate >= 0 && rate < 1)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "its ratio is ", rate, "; it must be at least 0 and below 1"));
  }
  Node wanted;
  wanted.mutable_dropout()->set_rate(rate);
  return AppendElementwise(node, wanted);
}

absl::Status ImportLrn(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const ImportedValue* input, node.Image(0));
  Node wanted;
  LocalResponseNormalizationOperator& normalization =
      *wanted.mutable_local_response_normalization();
  normalization.set_size(IntegerAttribute(node.proto(), "size", 0));
  normalization.set_alpha(FloatAttribute(node.proto(), "alpha", 1e-4f));
  normalization.set_beta(FloatAttribute(node.proto(), "beta", 0.75f));
  normalization.set_k(FloatAttribute(node.proto(), "bias", 1));
  RETURN_IF_ERROR(ShapeOf(normalization, input->shape).Validate());
  return AppendElementwise(node, wanted);
}

absl::Status ImportSoftmax(const ImportedNode& node) {
  ImportContext& context = node.context();
  ASSIGN_OR_RETURN(const ImportedValue* input, node.Activation(0));
  const std::string& output = node.proto().output(0);
  if (output != context.output() || context.uses(output) != 1)
    return absl::UnimplementedError("it is not the network's last operator");
  const auto rank = static_cast<int64_t>(input->extents.size());
  const int64_t axis =
      IntegerAttribute(node.proto(), "axis", context.opset() < 13 ? 1 : -1);
  if ((axis < 0 ? axis + rank : axis) != 1)
    return absl::UnimplementedError(absl::StrCat("its axis is ", axis));
  context.network().notes.push_back(
      absl::StrCat(node.proto().op_type(), " at the end (", output,
                   ") is left out: outputs are logits"));
  node.GiveView(0, std::vector<int64_t>(input->extents));
  return absl::OkStatus();
}

// Shapes are put together from parts.
absl::Status ConcatIntegers(const ImportedNode& node) {
  std::vector<int64_t> values;
  for (int i = 0; i < node.inputs(); ++i) {
    ASSIGN_OR_RETURN(const Constant* part, node.ConstantInput(i));
    if (!part->is_integer() || part->extents().size() != 1)
      return absl::UnimplementedError("constants that are no shapes");
    values.insert(values.end(), part->integers().begin(),
                  part->integers().end());
    if (values.size() > 1024)
      return absl::UnimplementedError("a shape of more than 1024 extents");
  }
  const auto count = static_cast<int64_t>(values.size());
  ASSIGN_OR_RETURN(Constant constant,
                   Constant::OfIntegers({count}, std::move(values)));
  return node.Give(std::move(constant));
}

absl::Status ImportConcat(const ImportedNode& node) {
  if (node.inputs() > 0 && node.has_only_constants())
    return ConcatIntegers(node);
  ASSIGN_OR_RETURN(const ImportedValue* first, node.Activation(0));
  const auto rank = static_cast<int64_t>(first->extents.size());
  const int64_t axis = IntegerAttribute(node.proto(), "axis", 0);
  if ((axis < 0 ? axis + rank : axis) != 1) {
    return absl::UnimplementedError(
        absl::StrCat("its axis is ", axis, "; only channels are possible"));
  }
  Shape shape = first->shape;
  std::vector<std::string> nodes;
  std::set<std::string> distinct;
  for (int i = 0; i < node.inputs(); ++i) {
    ASSIGN_OR_RETURN(const ImportedValue* input, node.Activation(i));
    if (input->extents.size() != first->extents.size() ||
        input->extents[1] != input->shape.channels ||
        input->shape.height != shape.height ||
        input->shape.width != shape.width) {
      return absl::UnimplementedError(
          absl::StrCat(ExtentsToString(input->extents), " and ",
                       ExtentsToString(first->extents),
                       " have no channels to put together"));
    }
    if (!distinct.insert(input->node).second)
      return absl::UnimplementedError("an input occurs twice");
    if (i > 0) shape.channels += input->shape.channels;
    nodes.push_back(input->node);
  }
  std::vector<int64_t> extents = first->extents;
  extents[1] = shape.channels;
  RETURN_IF_ERROR(CountOf(extents).status());
  Node* made = node.context().Append(node.Name(), nodes);
  made->mutable_concat();
  node.Give(*made, shape, std::move(extents));
  return absl::OkStatus();
}

}  // namespace

OperatorImporters ElementwiseImporters() {
  return {{"Relu", ImportRelu},       {"Clip", ImportClip},
          {"Add", ImportAdd},         {"Sum", ImportSum},
          {"Sub", TakeInConstant},    {"Mul", TakeInConstant},
          {"Div", TakeInConstant},    {"Concat", ImportConcat},
          {"Dropout", ImportDropout}, {"LRN", ImportLrn},
          {"Softmax", ImportSoftmax}, {"LogSoftmax", ImportSoftmax}};
}

}  // namespace tritlab
