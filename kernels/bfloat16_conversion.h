// Internal to kernels/: arrays of bf16 as floats and back, and loops over bf16
// that compute with floats. Conversion goes by vector instructions of its own:
// the compiler's loops over both widths at once take three times as long.
#ifndef TRITLAB_KERNELS_BFLOAT16_CONVERSION_H_
#define TRITLAB_KERNELS_BFLOAT16_CONVERSION_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.h"

namespace tritlab {

// As Load and Store of each element, by the calling thread.
void Widen(const BFloat16* source, float* target, int64_t count);
void Narrow(const float* source, BFloat16* target, int64_t count);

// The elements that are converted at a time: they stay in the nearest cache
// from one loop to the next.
inline constexpr int64_t kConvertedAtATime = 1024;

// Calls function(inputs, output, n) for one part after the other, with `n`
// floats in each array; what it writes becomes `output`, which may be one of
// the inputs.
template <size_t kInputs, typename Function>
void InFloats(const std::array<const BFloat16*, kInputs>& inputs,
              BFloat16* output, int64_t count, const Function& function) {
  alignas(64) float read[kInputs][kConvertedAtATime];
  alignas(64) float written[kConvertedAtATime];
  for (int64_t begin = 0; begin < count; begin += kConvertedAtATime) {
    const int64_t n = std::min(kConvertedAtATime, count - begin);
    for (size_t i = 0; i < kInputs; ++i) Widen(inputs[i] + begin, read[i], n);
    function(read, written, n);
    Narrow(written, output + begin, n);
  }
}

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_BFLOAT16_CONVERSION_H_
