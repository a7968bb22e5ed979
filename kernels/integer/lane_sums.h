// Internal to kernels/integer: the sums of vectors' 32-bit lanes.
//
// Loops over arrays of vectors are unrolled by pragma, the first and the last
// one too: an array that a variable indexes once lies in memory, and each
// product that is added to it would be stored.
#ifndef TRITLAB_KERNELS_INTEGER_LANE_SUMS_H_
#define TRITLAB_KERNELS_INTEGER_LANE_SUMS_H_

#if defined(__x86_64__)
#include <array>
#include <cstdint>

#include "kernels/intrinsics.h"

namespace tritlab {

// How far ahead packed weights are fetched, in bytes.
inline constexpr int64_t kAheadBytes = 4096;

__attribute__((target("avx2"))) inline int32_t LaneSum(__m256i v) {
  __m128i half =
      _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
  return _mm_cvtsi128_si32(half);
}

__attribute__((target("avx512f"))) inline __m512i AddPairs(__m512i a,
                                                           __m512i b) {
  return _mm512_add_epi32(_mm512_unpacklo_epi32(a, b),
                          _mm512_unpackhi_epi32(a, b));
}

// Those of four vectors.
__attribute__((target("avx512f"))) inline std::array<int32_t, 4> LaneSums(
    const __m512i (&vectors)[4]) {
  const __m512i low = AddPairs(vectors[0], vectors[1]);
  const __m512i high = AddPairs(vectors[2], vectors[3]);
  const __m512i four = _mm512_add_epi32(_mm512_unpacklo_epi64(low, high),
                                        _mm512_unpackhi_epi64(low, high));
  const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(four),
                                        _mm512_extracti64x4_epi64(four, 1));
  std::array<int32_t, 4> sums;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(sums.data()),
                   _mm_add_epi32(_mm256_castsi256_si128(half),
                                 _mm256_extracti128_si256(half, 1)));
  return sums;
}

}  // namespace tritlab

#endif  // defined(__x86_64__)
#endif  // TRITLAB_KERNELS_INTEGER_LANE_SUMS_H_
