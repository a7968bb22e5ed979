// Internal to kernels/integer: vector instructions, and the sum of a vector's
// 32-bit lanes.
#ifndef TRITLAB_KERNELS_INTEGER_INTRINSICS_H_
#define TRITLAB_KERNELS_INTEGER_INTRINSICS_H_

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstdint>

// GCC 12 warns of what its own header leaves undefined on purpose.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

namespace tritlab {

__attribute__((target("avx2"))) inline int32_t LaneSum(__m256i v) {
  __m128i half =
      _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
  return _mm_cvtsi128_si32(half);
}

__attribute__((target("avx512f"))) inline int32_t LaneSum(__m512i v) {
  return _mm512_reduce_add_epi32(v);
}

}  // namespace tritlab

#endif  // defined(__x86_64__)
#endif  // TRITLAB_KERNELS_INTEGER_INTRINSICS_H_
