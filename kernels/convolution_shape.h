// The extents of a convolution, of floats or of bytes.
#ifndef TRITLAB_KERNELS_CONVOLUTION_SHAPE_H_
#define TRITLAB_KERNELS_CONVOLUTION_SHAPE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "kernels/tensor.h"

namespace tritlab {

// One batch: NHWC activations and OHWI weights, of which each of `groups` parts
// reads input.channels / groups channels. Extents are in elements; stride and
// padding hold for both axes, padding at both ends of each.
struct ConvolutionShape {
  Shape input;
  int64_t out_channels = 0;
  int64_t kernel_height = 1;
  int64_t kernel_width = 1;
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t groups = 1;
  bool bias = false;

  // The output's extents, rounded down as usual. Of a valid shape, as
  // weight_count().
  Shape output() const;
  int64_t weight_count() const {
    return out_channels * kernel_height * kernel_width *
           (input.channels / groups);
  }
  // InvalidArgument when an extent is not positive (padding: negative), the
  // kernel does not fit, groups do not divide both channels, or an array is
  // larger than extents.h allows.
  absl::Status Validate() const;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_CONVOLUTION_SHAPE_H_
