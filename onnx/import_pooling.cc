#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "models/shape_inference.h"
#include "onnx/import_operators.h"
#include "onnx/node_attributes.h"
#include "onnx/windows.h"

namespace tritlab {
namespace {

absl::Status AppendPooling(const ImportedNode& node, const ImportedValue& input,
                           const PoolingOperator& pooling, bool flat) {
  const PoolingShape shape = ShapeOf(pooling, input.shape);
  RETURN_IF_ERROR(shape.Validate());
  const Shape output = shape.output();
  Node* made = node.context().Append(node.Name(), {input.node});
  *made->mutable_pooling() = pooling;
  std::vector<int64_t> extents = {input.extents[0], output.channels};
  if (!flat) {
    extents.push_back(output.height);
    extents.push_back(output.width);
  }
  node.Give(*made, output, extents);
  return absl::OkStatus();
}

absl::Status ImportWindows(const ImportedNode& node,
                           PoolingOperator::Kind kind) {
  ASSIGN_OR_RETURN(const ImportedValue* input, node.Image(0));
  ASSIGN_OR_RETURN(const Windows windows,
                   WindowsOf(node.proto(), input->shape, 0, 0, {}));
  PoolingOperator pooling;
  pooling.set_kind(kind);
  pooling.set_stride(windows.stride);
  const bool counts_border =
      kind == PoolingOperator::AVERAGE &&
      IntegerAttribute(node.proto(), "count_include_pad", 0) != 0;
  if (counts_border && (!windows.border.empty() || windows.ceil_mode)) {
    return absl::UnimplementedError(
        "averages count padding (count_include_pad)");
  }
  if (windows.is_global(input->shape)) {
    pooling.set_window(0);
    pooling.set_stride(1);
    return AppendPooling(node, *input, pooling, /*flat=*/false);
  }
  if (windows.height != windows.width) {
    return absl::UnimplementedError(absl::StrCat(
        "a window of ", windows.height, "x", windows.width, " is not square"));
  }
  ASSIGN_OR_RETURN(const int64_t padding, PaddingOf(windows));
  pooling.set_window(windows.height);
  pooling.set_padding(padding);
  // What is padded at the other end counts for nothing: it matters only by how
  // many windows fit.
  for (const bool ceil_mode : {false, true}) {
    pooling.set_ceil_mode(ceil_mode);
    const PoolingShape shape = ShapeOf(pooling, input->shape);
    RETURN_IF_ERROR(shape.Validate());
    if (shape.output().height == windows.rows &&
        shape.output().width == windows.columns)
      return AppendPooling(node, *input, pooling, /*flat=*/false);
  }
  const Border& border = windows.border;
  return absl::UnimplementedError(
      absl::StrCat("padding of ", border.top, ", ", border.left, ", ",
                   border.bottom, " and ", border.right,
                   " pixels (top, left, bottom, right) differs by side"));
}

absl::Status ImportMaxPool(const ImportedNode& node) {
  return ImportWindows(node, PoolingOperator::MAX);
}

absl::Status ImportAveragePool(const ImportedNode& node) {
  return ImportWindows(node, PoolingOperator::AVERAGE);
}

absl::Status ImportGlobal(const ImportedNode& node, PoolingOperator::Kind kind,
                          bool flat) {
  ASSIGN_OR_RETURN(const ImportedValue* input, node.Image(0));
  PoolingOperator pooling;
  pooling.set_kind(kind);
  pooling.set_stride(1);
  return AppendPooling(node, *input, pooling, flat);
}

absl::Status ImportGlobalMaxPool(const ImportedNode& node) {
  return ImportGlobal(node, PoolingOperator::MAX, /*flat=*/false);
}

absl::Status ImportGlobalAveragePool(const ImportedNode& node) {
  return ImportGlobal(node, PoolingOperator::AVERAGE, /*flat=*/false);
}

// The mean of height and width, as PyTorch's and TensorFlow's exporters say
// global pooling.
absl::Status ImportReduceMean(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const ImportedValue* input, node.Image(0));
  ASSIGN_OR_RETURN(std::vector<int64_t> axes, node.Integers(1, "axes"));
  for (int64_t& axis : axes) axis += axis < 0 ? 4 : 0;
  std::sort(axes.begin(), axes.end());
  if (axes != std::vector<int64_t>{2, 3} || !input->is_image()) {
    return absl::UnimplementedError(
        absl::StrCat("a mean over axes ", absl::StrJoin(axes, ", "),
                     "; only one over height and width is possible"));
  }
  return ImportGlobal(node, PoolingOperator::AVERAGE,
                      IntegerAttribute(node.proto(), "keepdims", 1) == 0);
}

}  // namespace

OperatorImporters PoolingImporters() {
  return {{"MaxPool", ImportMaxPool},
          {"AveragePool", ImportAveragePool},
          {"GlobalMaxPool", ImportGlobalMaxPool},
          {"GlobalAveragePool", ImportGlobalAveragePool},
          {"ReduceMean", ImportReduceMean}};
}

}  // namespace tritlab
