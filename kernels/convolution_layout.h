// Internal to kernels/: how a convolution's weights lie in memory, in oneDNN's
// terms.
#ifndef TRITLAB_KERNELS_CONVOLUTION_LAYOUT_H_
#define TRITLAB_KERNELS_CONVOLUTION_LAYOUT_H_

#include "kernels/convolution_shape.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace tritlab::onednn {

// oneDNN's weight dimensions are (groups,) O, I, H, W within a group.
inline dnnl::memory::dims WeightDims(const ConvolutionShape& shape) {
  const int64_t groups = shape.groups;
  dnnl::memory::dims dims = {shape.out_channels / groups,
                             shape.input.channels / groups, shape.kernel_height,
                             shape.kernel_width};
  if (groups > 1) dims.insert(dims.begin(), groups);
  return dims;
}

// OHWI in memory. With groups, the output channels of one group lie together,
// so that [G][O/G][H][W][I/G] is the same memory.
inline dnnl::memory::desc PlainWeights(const ConvolutionShape& shape,
                                       dnnl::memory::data_type type) {
  const int64_t inputs = shape.input.channels / shape.groups;
  const int64_t filter = shape.kernel_height * shape.kernel_width * inputs;
  dnnl::memory::dims strides = {filter, 1, shape.kernel_width * inputs, inputs};
  if (shape.groups > 1) {
    strides.insert(strides.begin(), shape.out_channels / shape.groups * filter);
  }
  return dnnl::memory::desc(WeightDims(shape), type, strides);
}

}  // namespace tritlab::onednn

#endif  // TRITLAB_KERNELS_CONVOLUTION_LAYOUT_H_
