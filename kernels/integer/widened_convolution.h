// The convolution of s8_convolution.h by widened_product.h: for processors
// without instructions that multiply bytes exactly.
#ifndef TRITLAB_KERNELS_INTEGER_WIDENED_CONVOLUTION_H_
#define TRITLAB_KERNELS_INTEGER_WIDENED_CONVOLUTION_H_

#include <cstdint>
#include <memory>
#include <span>

#include "kernels/integer/s8_convolution.h"

namespace tritlab {

// Lengths must fit the shape.
std::unique_ptr<S8Convolution> MakeWidenedConvolution(
    const ConvolutionShape& shape, const S8Convolution::Options& options,
    std::span<const int8_t> weights, std::span<const float> scales,
    std::span<const float> biases);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_WIDENED_CONVOLUTION_H_
