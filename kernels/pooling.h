// Max and average pooling, forward and backward, over oneDNN. Global pooling is
// a window of the whole image. Averages count only what lies inside the image
// (padding is excluded). A stride-2 window of one pixel is the subsampling of a
// parameter-free ResNet shortcut.
#ifndef TRITLAB_KERNELS_POOLING_H_
#define TRITLAB_KERNELS_POOLING_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "kernels/tensor.h"

namespace tritlab {

// Windows over NHWC activations; extents in pixels, stride and padding for both
// axes.
struct PoolingShape {
  enum class Kind { kMax, kAverage };
  Kind kind = Kind::kMax;
  Shape input;
  int64_t window_height = 1;
  int64_t window_width = 1;
  int64_t stride = 1;
  int64_t padding = 0;
  // Whether a last window may stand over the edge where the last stride does
  // not fit (Caffe's rounding). It always holds a pixel of the image.
  bool ceil_mode = false;

  // Of a valid shape, as what follows.
  Shape output() const;
  // The padding behind each axis that the last window needs.
  int64_t padding_bottom() const;
  int64_t padding_right() const;
  // InvalidArgument when an extent is not positive, the window does not fit, or
  // padding reaches the window.
  absl::Status Validate() const;
};

// How many positions a window has along an axis of `extent` pixels with so
// many of padding before and behind it; ceil_mode as in PoolingShape.
int64_t PoolingPositions(int64_t extent, int64_t window, int64_t stride,
                         int64_t before, int64_t behind, bool ceil_mode);

class Pooling {
 public:
  static absl::StatusOr<std::unique_ptr<Pooling>> Create(
      const PoolingShape& shape, DataType type, bool training);
  virtual ~Pooling() = default;

  // Training keeps, for max, which pixel won (ties: the first).
  virtual void Forward(const void* input, void* output) = 0;
  // After Forward in training; overwrites grad_input. In bf16, where windows
  // overlap, a pixel's gradient may be rounded after each window's term.
  virtual void Backward(const void* grad_output, void* grad_input) = 0;

  // Which oneDNN implementation runs each pass, for benchmarks and reports:
  // "forward jit:avx512_core, backward ...".
  virtual std::string Implementations() const = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_POOLING_H_
