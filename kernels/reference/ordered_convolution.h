// The convolution of kernels/ordered_convolution.h as its formula says it, the
// same to the last bit.
#ifndef TRITLAB_KERNELS_REFERENCE_ORDERED_CONVOLUTION_H_
#define TRITLAB_KERNELS_REFERENCE_ORDERED_CONVOLUTION_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/reference/convolution.h"

namespace tritlab::reference {

// Must be compiled without contraction of products and sums (x86-64's default).
inline void OrderedConvolution(const ConvolutionShape& shape,
                               const float* input,
                               std::span<const float> weights,
                               std::span<const float> scales,
                               std::span<const float> biases, float* output) {
  std::vector<float> sums(shape.output().size(), 0.0f);
  ForEachProduct(shape, [&](int64_t in, int64_t weight, int64_t out) {
    const float product = input[in] * weights[weight];
    sums[out] = sums[out] + product;
  });
  for (size_t i = 0; i < sums.size(); ++i) {
    const size_t channel = i % scales.size();
    const float scaled = sums[i] * scales[channel];
    output[i] = scaled + biases[channel];
  }
}

}  // namespace tritlab::reference

#endif  // TRITLAB_KERNELS_REFERENCE_ORDERED_CONVOLUTION_H_
