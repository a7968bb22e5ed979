// Dropout as its definition says it (kernels/dropout.h), to test the fast one
// against.
#ifndef TRITLAB_KERNELS_REFERENCE_DROPOUT_H_
#define TRITLAB_KERNELS_REFERENCE_DROPOUT_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/random.h"

namespace tritlab::reference {

// Whether value `index` becomes 0, which is so with probability `rate`: by 32
// bits of `random`, two values of a draw.
inline bool IsDropped(const RandomStream& random, float rate, size_t index) {
  const uint64_t bits = random.Bits(index / 2);
  const auto half = static_cast<uint32_t>(index % 2 == 0 ? bits : bits >> 32);
  return half < static_cast<double>(rate) * 0x1p32;
}

// 0, or input / (1 - rate), so that the expectation stays. Both spans have one
// length.
template <typename Real>
void Dropout(float rate, const RandomStream& random,
             std::span<const Real> input, std::span<Real> output) {
  for (size_t i = 0; i < input.size(); ++i) {
    output[i] = IsDropped(random, rate, i)
                    ? 0
                    : static_cast<Real>(input[i] / (1.0 - rate));
  }
}

}  // namespace tritlab::reference

#endif  // TRITLAB_KERNELS_REFERENCE_DROPOUT_H_
