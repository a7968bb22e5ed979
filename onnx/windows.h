// Where a convolution's or a pooling's windows lie: ONNX's two paddings for
// each axis, and the one number that stands for all four here.
#ifndef TRITLAB_ONNX_WINDOWS_H_
#define TRITLAB_ONNX_WINDOWS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "kernels/tensor.h"
#include "onnx/import_context.h"
#include "onnx/onnx.pb.h"

namespace tritlab {

struct Windows {
  int64_t height = 1, width = 1;
  int64_t stride = 1;
  Border border = {};
  bool ceil_mode = false;
  // How many there are.
  int64_t rows = 0, columns = 0;

  // One window that sees the whole image.
  bool is_global(const Shape& input) const {
    return rows == 1 && columns == 1 && height - border.top >= input.height &&
           width - border.left >= input.width;
  }
};

// From kernel_shape, strides, pads, auto_pad, dilations and ceil_mode.
// `kernel_height` and `kernel_width` are those of a convolution's weights; 0
// where kernel_shape alone says it. `done_before` is what a Pad has added.
// Unimplemented when windows are dilated or have two strides, InvalidArgument
// when an attribute is wrong or the window does not fit.
absl::StatusOr<Windows> WindowsOf(const onnx::NodeProto& node,
                                  const Shape& input, int64_t kernel_height,
                                  int64_t kernel_width,
                                  const Border& done_before);

// Unimplemented when the border's top and left differ: one padding cannot stand
// for them.
absl::StatusOr<int64_t> PaddingOf(const Windows& windows);

}  // namespace tritlab

#endif  // TRITLAB_ONNX_WINDOWS_H_
