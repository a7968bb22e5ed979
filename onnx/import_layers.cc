#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "models/shape_inference.h"
#include "onnx/channel_order.h"
#include "onnx/import_operators.h"
#include "onnx/node_attributes.h"
#include "onnx/windows.h"

namespace tritlab {
namespace {

using Extents = std::vector<int64_t>;

// "conv 64x3x7x7 weights": what a message says of extents that do not fit.
absl::Status Misfit(absl::string_view what, const Constant& constant,
                    absl::string_view wanted) {
  return absl::InvalidArgumentError(
      absl::StrCat(what, " of ", ExtentsToString(constant.extents()), " where ",
                   wanted, " is needed"));
}

absl::Status ImportConv(const ImportedNode& node) {
  ImportContext& context = node.context();
  ASSIGN_OR_RETURN(const ImportedValue* input, node.Image(0));
  ASSIGN_OR_RETURN(const Constant* weights, node.ConstantInput(1));
  const Extents& extents = weights->extents();
  if (extents.size() != 4 || weights->count() == 0)
    return Misfit("weights", *weights, "four extents of at least 1");
  const int64_t groups = IntegerAttribute(node.proto(), "group", 1);
  const int64_t outputs = extents[0];
  const int64_t channels = input->shape.channels;
  if (groups < 1 || groups > channels || channels % groups != 0 ||
      extents[1] != channels / groups || outputs % groups != 0) {
    return Misfit(
        "weights", *weights,
        absl::StrCat("one for ", channels, " channels in ", groups, " groups"));
  }
  ASSIGN_OR_RETURN(const Windows windows,
                   WindowsOf(node.proto(), input->shape, extents[2], extents[3],
                             input->border));
  ASSIGN_OR_RETURN(const int64_t padding, PaddingOf(windows));

  ConvolutionOperator convolution;
  convolution.set_out_channels(outputs);
  convolution.set_kernel_height(windows.height);
  convolution.set_kernel_width(windows.width);
  convolution.set_stride(windows.stride);
  convolution.set_padding(padding);
  convolution.set_groups(groups);
  convolution.set_bias(node.has_input(2));
  const ConvolutionShape shape = ShapeOf(convolution, input->shape);
  RETURN_IF_ERROR(shape.Validate());
  const Shape output = shape.output();
  // What is padded at the other end matters only by how many windows fit.
  if (output.height != windows.rows || output.width != windows.columns) {
    const Border& border = windows.border;
    return absl::UnimplementedError(
        absl::StrCat("padding of ", border.top, ", ", border.left, ", ",
                     border.bottom, " and ", border.right,
                     " pixels (top, left, bottom, right) differs by side"));
  }
  const Constant* bias = nullptr;
  if (convolution.bias()) {
    ASSIGN_OR_RETURN(bias, node.ConstantInput(2));
    if (bias->count() != outputs)
      return Misfit("a bias", *bias, absl::StrCat(outputs));
  }
  RETURN_IF_ERROR(
      context.ReserveValues(weights->count() + (bias ? outputs : 0)));
  Node* made = context.Append(node.Name(1), {input->node});
  *made->mutable_convolution() = convolution;
  context.Tensor(*made, "weights") =
      ChannelsLast<float>(weights->Floats(), outputs, extents[1]);
  if (bias != nullptr) context.Tensor(*made, "bias") = bias->Floats();
  node.Give(*made, output,
            {input->extents[0], outputs, output.height, output.width});
  return absl::OkStatus();
}

// A linear layer of a flattened value: weights are [features][inputs], or
// [inputs][features] where `transpose` says so.
absl::Status AppendLinear(const ImportedNode& node, bool transpose, float alpha,
                          const Constant* bias, float beta) {
  ImportContext& context = node.context();
  ASSIGN_OR_RETURN(const ImportedValue* input, node.Activation(0));
  ASSIGN_OR_RETURN(const Constant* given, node.ConstantInput(1));
  if (given->extents().size() != 2 || given->count() == 0)
    return Misfit("weights", *given, "a matrix");
  Constant weights = *given;
  if (transpose) {
    ASSIGN_OR_RETURN(weights, given->Transposed());
  }
  const int64_t features = weights.extents()[0];
  if (input->is_image() || weights.extents()[1] != input->extents[1]) {
    return Misfit("weights", *given,
                  absl::StrCat("a matrix for inputs of ",
                               ExtentsToString(input->extents)));
  }
  if (bias != nullptr && bias->count() != 1 &&
      (bias->count() != features || bias->extents().back() != features)) {
    return Misfit("a bias", *bias, absl::StrCat(features));
  }
  LinearOperator linear;
  linear.set_out_features(features);
  RETURN_IF_ERROR(ShapeOf(linear, input->shape).Validate());
  RETURN_IF_ERROR(context.ReserveValues(weights.count() + features));
  Node* made = context.Append(node.Name(1), {input->node});
  *made->mutable_linear() = linear;
  std::vector<float>& values = context.Tensor(*made, "weights");
  values =
      ChannelsLast<float>(weights.Floats(), features, input->shape.channels);
  if (alpha != 1) {
    for (float& value : values) value *= alpha;
  }
  std::vector<float>& shifts = context.Tensor(*made, "bias");
  shifts.assign(features, 0.0f);
  if (bias != nullptr) {
    const std::vector<float> stated = bias->Floats();
    for (int64_t i = 0; i < features; ++i)
      shifts[i] = beta * stated[stated.size() == 1 ? 0 : i];
  }
  node.Give(*made, {input->shape.batch, 1, 1, features},
            {input->extents[0], features});
  return absl::OkStatus();
}

absl::Status ImportGemm(const ImportedNode& node) {
  if (IntegerAttribute(node.proto(), "transA", 0) != 0)
    return absl::UnimplementedError("transA is set");
  const Constant* bias = nullptr;
  if (node.has_input(2)) {
    ASSIGN_OR_RETURN(bias, node.ConstantInput(2));
  }
  return AppendLinear(node, IntegerAttribute(node.proto(), "transB", 0) == 0,
                      FloatAttribute(node.proto(), "alpha", 1), bias,
                      FloatAttribute(node.proto(), "beta", 1));
}

absl::Status ImportMatMul(const ImportedNode& node) {
  return AppendLinear(node, /*transpose=*/true, 1, nullptr, 1);
}

// Before opset 14 brought the attribute, outputs behind the first, the batch's
// statistics, say it.
bool IsInTrainingMode(const ImportedNode& node) {
  if (IntegerAttribute(node.proto(), "training_mode", 0) != 0) return true;
  const auto& outputs = node.proto().output();
  return node.opset() < 14 && !outputs.empty() &&
         std::any_of(outputs.begin() + 1, outputs.end(),
                     [](const std::string& output) { return !output.empty(); });
}

absl::Status ImportBatchNormalization(const ImportedNode& node) {
  ImportContext& context = node.context();
  ASSIGN_OR_RETURN(const ImportedValue* input, node.Activation(0));
  if (IsInTrainingMode(node)) {
    return absl::UnimplementedError(
        "it is in training mode; export the model for inference");
  }
  if (IntegerAttribute(node.proto(), "spatial", 1) == 0)
    return absl::UnimplementedError("it is not by channel (spatial is 0)");
  const int64_t channels = input->shape.channels;
  if (input->extents[1] != channels) {
    return absl::UnimplementedError(
        "it stands between flattening and a linear layer");
  }
  constexpr const char* kTensors[] = {"scale", "shift", "mean", "variance"};
  const Constant* constants[4] = {};
  for (int i = 0; i < 4; ++i) {
    ASSIGN_OR_RETURN(constants[i], node.ConstantInput(i + 1));
    if (constants[i]->count() != channels)
      return Misfit(kTensors[i], *constants[i], absl::StrCat(channels));
  }
  const float epsilon = FloatAttribute(node.proto(), "epsilon", 1e-5f);
  if (!(epsilon >= 0) || !std::isfinite(epsilon)) {
    return absl::InvalidArgumentError(
        absl::StrCat("epsilon is ", epsilon, "; it must not be negative"));
  }
  RETURN_IF_ERROR(context.ReserveValues(4 * channels));
  Node* made = context.Append(node.Name(1), {input->node});
  // Here it must be positive; so little is lost in any variance.
  made->mutable_batch_normalization()->set_epsilon(std::max(epsilon, 1e-12f));
  for (int i = 0; i < 4; ++i)
    context.Tensor(*made, kTensors[i]) = constants[i]->Floats();
  node.Give(*made, input->shape, input->extents);
  return absl::OkStatus();
}

}  // namespace

OperatorImporters LayerImporters() {
  return {{"Conv", ImportConv},
          {"Gemm", ImportGemm},
          {"MatMul", ImportMatMul},
          {"BatchNormalization", ImportBatchNormalization}};
}

}  // namespace tritlab
