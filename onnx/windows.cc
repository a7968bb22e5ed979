#include "onnx/windows.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "kernels/pooling.h"
#include "onnx/node_attributes.h"

namespace tritlab {
namespace {

constexpr int64_t kLargestExtent = int64_t{1} << 31;

// An attribute of `count` integers from `at_least` to 2^31 - 1.
absl::StatusOr<std::vector<int64_t>> Extents(const onnx::NodeProto& node,
                                             const char* name, size_t count,
                                             int64_t otherwise,
                                             int64_t at_least) {
  const std::vector<int64_t> extents =
      IntegersAttribute(node, name, std::vector<int64_t>(count, otherwise));
  const bool possible =
      extents.size() == count &&
      std::all_of(extents.begin(), extents.end(), [&](int64_t extent) {
        return extent >= at_least && extent < kLargestExtent;
      });
  if (possible) return extents;
  if (extents.size() != count && extents.size() <= 6) {
    return absl::UnimplementedError(
        absl::StrCat(name, " are ", absl::StrJoin(extents, ", "),
                     "; only windows over height and width are possible"));
  }
  return absl::InvalidArgumentError(absl::StrCat(name, " must be ", count,
                                                 " numbers of at least ",
                                                 at_least, " and below 2^31"));
}

// What SAME_UPPER or SAME_LOWER pads one axis with.
void PadAlike(int64_t extent, int64_t window, int64_t stride, bool upper,
              int64_t& before, int64_t& behind) {
  const int64_t positions = (extent + stride - 1) / stride;
  const int64_t padding =
      std::max<int64_t>(0, (positions - 1) * stride + window - extent);
  before = upper ? padding / 2 : padding - padding / 2;
  behind = padding - before;
}

absl::StatusOr<int64_t> Positions(int64_t extent, int64_t window,
                                  int64_t stride, int64_t before,
                                  int64_t behind, bool ceil_mode) {
  if (window > extent + before + behind) {
    return absl::InvalidArgumentError(
        absl::StrCat("a window of ", window, " does not fit into ", extent,
                     " pixels padded with ", before, " and ", behind));
  }
  return PoolingPositions(extent, window, stride, before, behind, ceil_mode);
}

}  // namespace

absl::StatusOr<Windows> WindowsOf(const onnx::NodeProto& node,
                                  const Shape& input, int64_t kernel_height,
                                  int64_t kernel_width,
                                  const Border& done_before) {
  const bool has_weights = kernel_height > 0;
  if (!has_weights && FindAttribute(node, "kernel_shape") == nullptr)
    return absl::InvalidArgumentError("kernel_shape is missing");
  ASSIGN_OR_RETURN(const std::vector<int64_t> kernel,
                   Extents(node, "kernel_shape", 2, 0, has_weights ? 0 : 1));
  ASSIGN_OR_RETURN(const std::vector<int64_t> strides,
                   Extents(node, "strides", 2, 1, 1));
  ASSIGN_OR_RETURN(const std::vector<int64_t> dilations,
                   Extents(node, "dilations", 2, 1, 1));
  ASSIGN_OR_RETURN(const std::vector<int64_t> pads,
                   Extents(node, "pads", 4, 0, 0));
  if (has_weights && FindAttribute(node, "kernel_shape") != nullptr &&
      (kernel[0] != kernel_height || kernel[1] != kernel_width)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "kernel_shape is ", absl::StrJoin(kernel, "x"), " and its weights are ",
        kernel_height, "x", kernel_width));
  }
  Windows windows;
  windows.height = has_weights ? kernel_height : kernel[0];
  windows.width = has_weights ? kernel_width : kernel[1];
  if ((dilations[0] != 1 && windows.height > 1) ||
      (dilations[1] != 1 && windows.width > 1)) {
    return absl::UnimplementedError(absl::StrCat(
        "windows are dilated (", absl::StrJoin(dilations, "x"), ")"));
  }
  if (strides[0] != strides[1]) {
    return absl::UnimplementedError(absl::StrCat(
        "strides are ", absl::StrJoin(strides, " and "), "; one is possible"));
  }
  windows.stride = strides[0];
  windows.border = {pads[0], pads[1], pads[2], pads[3]};
  windows.ceil_mode = IntegerAttribute(node, "ceil_mode", 0) != 0;
  const std::string automatic = StringAttribute(node, "auto_pad", "NOTSET");
  Border& border = windows.border;
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    const bool upper = automatic == "SAME_UPPER";
    PadAlike(input.height + done_before.top + done_before.bottom,
             windows.height, windows.stride, upper, border.top, border.bottom);
    PadAlike(input.width + done_before.left + done_before.right, windows.width,
             windows.stride, upper, border.left, border.right);
  } else if (automatic == "VALID") {
    border = {};
  } else if (automatic != "NOTSET" && !automatic.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("auto_pad \"", automatic, "\" is unknown"));
  }
  border.top += done_before.top;
  border.left += done_before.left;
  border.bottom += done_before.bottom;
  border.right += done_before.right;
  ASSIGN_OR_RETURN(windows.rows,
                   Positions(input.height, windows.height, windows.stride,
                             border.top, border.bottom, windows.ceil_mode));
  ASSIGN_OR_RETURN(windows.columns,
                   Positions(input.width, windows.width, windows.stride,
                             border.left, border.right, windows.ceil_mode));
  return windows;
}

absl::StatusOr<int64_t> PaddingOf(const Windows& windows) {
  const Border& border = windows.border;
  if (border.top == border.left) return border.top;
  return absl::UnimplementedError(
      absl::StrCat("padding of ", border.top, " pixels above and ", border.left,
                   " on the left; they must be alike"));
}

}  // namespace tritlab
