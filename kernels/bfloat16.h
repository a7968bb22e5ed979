// Internal to kernels/: bf16, the upper half of an f32 (8 bits of exponent, 7
// of fraction).
#ifndef TRITLAB_KERNELS_BFLOAT16_H_
#define TRITLAB_KERNELS_BFLOAT16_H_

#include <bit>
#include <cstdint>

namespace tritlab {

// As memory holds it.
struct BFloat16 {
  uint16_t bits = 0;
};

// Load and Store let one loop serve both types.
inline float Load(float value) { return value; }
inline float Load(BFloat16 value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value.bits) << 16);
}

// As it is.
inline void Store(float value, float& target) { target = value; }
// Rounds to nearest, ties to even; overflow becomes infinity, NaN stays NaN.
inline void Store(float value, BFloat16& target) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  // A NaN whose fraction has only low bits would become infinity.
  const uint32_t quiet_nan = (bits >> 16) | 0x40;
  target.bits = static_cast<uint16_t>(
      (bits & 0x7fffffff) > 0x7f800000 ? quiet_nan : rounded);
}

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_BFLOAT16_H_
