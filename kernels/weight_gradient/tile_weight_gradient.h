// Internal to kernels/: the weights' gradient of a convolution of bf16 by AMX's
// tdpbf16ps, which multiplies tiles of 16 x 32 and 32 x 16 bf16 and adds the
// products up in f32.
//
// Its long side is pixels: 16 output channels of the gradient, rewritten so
// that each one's pixels are neighbours, times 16 input channels, rewritten by
// pairs of pixels. A tap of the kernel is the same input, some pixels further.
#ifndef TRITLAB_KERNELS_WEIGHT_GRADIENT_TILE_WEIGHT_GRADIENT_H_
#define TRITLAB_KERNELS_WEIGHT_GRADIENT_TILE_WEIGHT_GRADIENT_H_

#include <memory>

#include "kernels/convolution_shape.h"
#include "kernels/weight_gradient/bfloat16_weight_gradient.h"

namespace tritlab {

// For processors with AMX, after oneDNN has asked the system for its use. Null
// for strides beyond 2, groups, padding of a kernel's size and more, and sums
// beyond kMostSumBytes.
std::unique_ptr<BFloat16WeightGradient> CreateTileWeightGradient(
    const ConvolutionShape& shape);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_WEIGHT_GRADIENT_TILE_WEIGHT_GRADIENT_H_
