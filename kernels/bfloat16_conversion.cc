#include "kernels/bfloat16_conversion.h"

#include "base/vector_clones.h"
#include "kernels/intrinsics.h"

#if defined(__x86_64__)
#define TRITLAB_HAS_AVX512_CONVERSION
#endif

namespace tritlab {
namespace {

TRITLAB_VECTOR_CLONES
void WidenLoop(const BFloat16* source, float* target, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) target[i] = Load(source[i]);
}

TRITLAB_VECTOR_CLONES
void NarrowLoop(const float* source, BFloat16* target, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) Store(source[i], target[i]);
}

#ifdef TRITLAB_HAS_AVX512_CONVERSION

constexpr int64_t kLanes = 16;

bool HasAvx512() {
  static const bool has = __builtin_cpu_supports("avx512f");
  return has;
}

// Both return how many elements they converted, from the first on.

__attribute__((target("avx512f"))) int64_t WidenAvx512(const BFloat16* source,
                                                       float* target,
                                                       int64_t count) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const __m256i halves =
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(source + i));
    const __m512i bits = _mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16);
    _mm512_storeu_si512(target + i, bits);
  }
  return i;
}

__attribute__((target("avx512f"))) int64_t NarrowAvx512(const float* source,
                                                        BFloat16* target,
                                                        int64_t count) {
  const __m512i below_half = _mm512_set1_epi32(0x7fff);
  const __m512i one = _mm512_set1_epi32(1);
  const __m512i quiet = _mm512_set1_epi32(0x400000);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const __m512 values = _mm512_loadu_ps(source + i);
    const __m512i bits = _mm512_castps_si512(values);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), one);
    const __m512i rounded =
        _mm512_add_epi32(_mm512_add_epi32(bits, below_half), odd);
    const __mmask16 nan = _mm512_cmp_ps_mask(values, values, _CMP_UNORD_Q);
    const __m512i kept = _mm512_mask_or_epi32(rounded, nan, bits, quiet);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(target + i),
                        _mm512_cvtepi32_epi16(_mm512_srli_epi32(kept, 16)));
  }
  return i;
}

#endif

}  // namespace

void Widen(const BFloat16* source, float* target, int64_t count) {
  int64_t done = 0;
#ifdef TRITLAB_HAS_AVX512_CONVERSION
  if (HasAvx512()) done = WidenAvx512(source, target, count);
#endif
  if (done < count) WidenLoop(source + done, target + done, count - done);
}

void Narrow(const float* source, BFloat16* target, int64_t count) {
  int64_t done = 0;
#ifdef TRITLAB_HAS_AVX512_CONVERSION
  if (HasAvx512()) done = NarrowAvx512(source, target, count);
#endif
  if (done < count) NarrowLoop(source + done, target + done, count - done);
}

}  // namespace tritlab
