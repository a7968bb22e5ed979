// The extents of a convolution, of floats or of bytes.
#ifndef TRITLAB_KERNELS_CONVOLUTION_SHAPE_H_
#define TRITLAB_KERNELS_CONVOLUTION_SHAPE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "kernels/tensor.h"

namespace tritlab {

struct ConvolutionShape {
  Shape input;
  int64_t out_channels = 0;
  int64_t kernel_height = 1;
  int64_t kernel_width = 1;
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t groups = 1;
  bool bias = false;

  // The output's extents, rounded down as usual.
  Shape output() const;
  int64_t weight_count() const {
    return out_channels * kernel_height * kernel_width *
           (input.channels / groups);
  }
  // InvalidArgument when an extent is not positive, the kernel does not fit, or
  // groups do not divide the channels.
  absl::Status Validate() const;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_CONVOLUTION_SHAPE_H_
