// Internal to kernels/: the weights' gradient of a convolution of bf16 by
// AVX-512's vdpbf16ps, which multiplies 32 pairs of bf16 at once and adds each
// two of them up to one of 16 sums in f32.
//
// A vector of sums is 16 output channels of one input channel and one kernel
// column. What vdpbf16ps adds up are two neighbouring pixels: so the gradient
// is rewritten by pairs of pixels, and the input by channels, where any two
// neighbours are 32 bits to spread. Sums stay in registers over some rows of
// the images, whose rewritten parts stay in the first-level cache meanwhile.
// The products of vdpbf16ps lose what is below f32's normal numbers.
#ifndef TRITLAB_KERNELS_WEIGHT_GRADIENT_VECTOR_WEIGHT_GRADIENT_H_
#define TRITLAB_KERNELS_WEIGHT_GRADIENT_VECTOR_WEIGHT_GRADIENT_H_

#include <memory>

#include "kernels/convolution_shape.h"
#include "kernels/weight_gradient/bfloat16_weight_gradient.h"

namespace tritlab {

// For processors with AVX512-BF16. Null for kernels that are not three columns
// wide, strides beyond 2, groups, fewer than 8 input channels, and sums beyond
// kMostSumBytes.
std::unique_ptr<BFloat16WeightGradient> CreateVectorWeightGradient(
    const ConvolutionShape& shape);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_WEIGHT_GRADIENT_VECTOR_WEIGHT_GRADIENT_H_
