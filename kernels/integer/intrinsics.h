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
  alignas(32) int32_t lanes[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), v);
  int32_t sum = 0;
  for (const int32_t lane : lanes) sum += lane;
  return sum;
}

__attribute__((target("avx512f"))) inline int32_t LaneSum(__m512i v) {
  alignas(64) int32_t lanes[16];
  _mm512_store_si512(lanes, v);
  int32_t sum = 0;
  for (const int32_t lane : lanes) sum += lane;
  return sum;
}

}  // namespace tritlab

#endif  // defined(__x86_64__)
#endif  // TRITLAB_KERNELS_INTEGER_INTRINSICS_H_
