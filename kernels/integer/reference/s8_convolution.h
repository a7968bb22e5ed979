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

// Input, Output and Residual are uint8_t, int8_t or, the latter two, float, as
// options say. residual: may be output itself; not read when options have none.
// Must be compiled without contraction of products and sums (x86-64's default).
template <typename Input, typename Output, typename Residual>
void S8Convolution(const ConvolutionShape& shape,
                   const tritlab::S8Convolution::Options& options,
                   const Input* input, std::span<const int8_t> weights,
                   std::span<const float> scales, std::span<const float> biases,
                   const Residual* residual, Output* output) {
  const int64_t count = shape.output().size();
  std::vector<int32_t> sums(count, 0);
  ForEachProduct(shape, [&](int64_t in, int64_t weight, int64_t out) {
    sums[out] += input[in] * weights[weight];
  });
  const float lowest = options.output == ByteType::kU8 ? 0 : -128;
  const float highest = options.output == ByteType::kU8 ? 255 : 127;
  for (int64_t i = 0; i < count; ++i) {
    const size_t channel = i % scales.size();
    float value = static_cast<float>(sums[i]) * scales[channel];
    value = value + biases[channel];
    if (options.residual_scale != 0)
      value = std::fma(options.residual_scale, static_cast<float>(residual[i]),
                       value);
    if (options.relu) value = std::max(value, 0.0f);
    if (!options.values)
      value = std::nearbyint(std::clamp(value, lowest, highest));
    output[i] = static_cast<Output>(value);
  }
}

// The same for arrays of any types that options say; output holds the residual.
inline void S8Convolution(const ConvolutionShape& shape,
                          const tritlab::S8Convolution::Options& options,
                          const void* input, std::span<const int8_t> weights,
                          std::span<const float> scales,
                          std::span<const float> biases, void* output) {
  const auto with = [&](const auto* typed_input, const auto* residual,
                        auto* typed_output) {
    S8Convolution(shape, options, typed_input, weights, scales, biases,
                  residual, typed_output);
  };
  const auto with_input = [&](const auto* typed_input) {
    if (options.values) {
      auto* const values = static_cast<float*>(output);
      return with(typed_input, values, values);
    }
    const auto with_residual = [&](const auto* residual) {
      if (options.output == ByteType::kU8)
        return with(typed_input, residual, static_cast<uint8_t*>(output));
      return with(typed_input, residual, static_cast<int8_t*>(output));
    };
    if (options.residual == ByteType::kU8)
      return with_residual(static_cast<const uint8_t*>(output));
    return with_residual(static_cast<const int8_t*>(output));
  };
  if (options.input == ByteType::kU8)
    return with_input(static_cast<const uint8_t*>(input));
  return with_input(static_cast<const int8_t*>(input));
}

}  // namespace tritlab::reference

#endif  // TRITLAB_KERNELS_INTEGER_REFERENCE_S8_CONVOLUTION_H_
