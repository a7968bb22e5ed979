// The convolution of kernels/integer/s8_convolution.h as its formula says it,
// the same to the last bit.
#ifndef TRITLAB_KERNELS_INTEGER_REFERENCE_S8_CONVOLUTION_H_
#define TRITLAB_KERNELS_INTEGER_REFERENCE_S8_CONVOLUTION_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/integer/s8_convolution.h"
#include "kernels/reference/convolution.h"

namespace tritlab::reference {

// Input and Output are uint8_t or int8_t, as options say. Must be compiled
// without contraction of products and sums (x86-64's default).
template <typename Input, typename Output>
void S8Convolution(const ConvolutionShape& shape,
                   const tritlab::S8Convolution::Options& options,
                   std::span<const Input> input,
                   std::span<const int8_t> weights,
                   std::span<const float> scales, std::span<const float> biases,
                   std::span<Output> output) {
  std::vector<int32_t> sums(output.size(), 0);
  ForEachProduct(shape, [&](int64_t in, int64_t weight, int64_t out) {
    sums[out] += input[in] * weights[weight];
  });
  const float lowest = options.output == ByteType::kU8 ? 0 : -128;
  const float highest = options.output == ByteType::kU8 ? 255 : 127;
  for (size_t i = 0; i < output.size(); ++i) {
    const size_t channel = i % scales.size();
    float value = static_cast<float>(sums[i]) * scales[channel];
    value = value + biases[channel];
    if (options.residual_scale != 0)
      value = std::fma(options.residual_scale, static_cast<float>(output[i]),
                       value);
    if (options.relu) value = std::max(value, 0.0f);
    output[i] =
        static_cast<Output>(std::nearbyint(std::clamp(value, lowest, highest)));
  }
}

}  // namespace tritlab::reference

#endif  // TRITLAB_KERNELS_INTEGER_REFERENCE_S8_CONVOLUTION_H_
