// The convolution of s8_convolution.h by AVX-512's vpdpbusd, which multiplies
// 64 pairs of bytes at once and adds them up four by four.
//
// A vector of sums is 16 output channels of one pixel. vpdpbusd takes four
// input channels of a pixel, spread over all lanes, and their 64 weights.
// Spreading is a load, and one load for each product would take as long as two
// products: so each spread quadruple is multiplied with all kernel columns that
// see it, for as many neighbouring pixels as there are registers for sums.
// oneDNN spreads anew for each column, which costs it half of the peak where
// there are few output channels to share it.
//
// Threads share the output rows. A thread keeps the input rows that its output
// row sees in a buffer in the first-level cache, padded and ordered
// [quadruple of channels][pixel][4], so that the inner loop has no borders.
#ifndef TRITLAB_KERNELS_INTEGER_VNNI_CONVOLUTION_H_
#define TRITLAB_KERNELS_INTEGER_VNNI_CONVOLUTION_H_

#include <cstdint>
#include <memory>
#include <span>

#include "kernels/integer/s8_convolution.h"

namespace tritlab {

// Null where the processor lacks AVX-512 VNNI, the convolution has groups
// or a stride beyond 2, or a result
// before it saturates might exceed 2^31 output steps. Lengths must fit the
// shape.
std::unique_ptr<S8Convolution> MakeVnniConvolution(
    const ConvolutionShape& shape, const S8Convolution::Options& options,
    std::span<const int8_t> weights, std::span<const float> scales,
    std::span<const float> biases);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_VNNI_CONVOLUTION_H_
