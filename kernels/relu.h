// Internal to kernels/: a ReLU and its gradient, of one element.
#ifndef TRITLAB_KERNELS_RELU_H_
#define TRITLAB_KERNELS_RELU_H_

#include <bit>
#include <cstdint>

#include "base/vector_clones.h"

namespace tritlab {

// Written so that NaN comes through: a network that diverges should show it.
TRITLAB_ALWAYS_INLINE float Relu(float value) { return 0 > value ? 0 : value; }

// keep ? value : 0, by bits: with a conditional, the compiler would move the
// computation of `value` under the condition, and then not vectorize the loop.
TRITLAB_ALWAYS_INLINE float ValueIf(bool keep, float value) {
  const uint32_t mask = -static_cast<uint32_t>(keep);
  return std::bit_cast<float>(std::bit_cast<uint32_t>(value) & mask);
}

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_RELU_H_
