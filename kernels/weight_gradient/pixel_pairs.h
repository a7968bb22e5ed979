// Internal to kernels/: sixteen channels of two neighbouring pixels, the two
// values of a channel side by side, as products of bf16 take them.
#ifndef TRITLAB_KERNELS_WEIGHT_GRADIENT_PIXEL_PAIRS_H_
#define TRITLAB_KERNELS_WEIGHT_GRADIENT_PIXEL_PAIRS_H_

#include <algorithm>
#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/intrinsics.h"

namespace tritlab {

#if defined(__x86_64__)
#define TRITLAB_PAIRS                                         \
  __attribute__((target("avx512f,avx512bw,avx512vl"))) inline \
      __attribute__((always_inline))

// Sixteen channels (or fewer) of a row's pixels, as columns: `before` columns
// of zeros, `count` pixels that lie `size` values apart, and zeros.
struct PixelColumns {
  const BFloat16* first;
  int64_t size;
  int64_t before;
  int64_t count;
  int64_t channels;  // those beyond are 0; may be more than 16

  // Of a pixel, as 32 bits each.
  TRITLAB_PAIRS __m512i Channels(const BFloat16* pixel) const {
    const auto mask = static_cast<__mmask16>(
        (1u << std::clamp<int64_t>(channels, 0, 16)) - 1);
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, pixel));
  }
  TRITLAB_PAIRS __m512i Column(int64_t column) const {
    const int64_t pixel = column - before;
    return pixel < 0 || pixel >= count ? _mm512_setzero_si512()
                                       : Channels(first + pixel * size);
  }
};

// Pairs of columns 2 k and 2 k + 1 go to even, of 2 k + 1 and 2 k + 2 to odd
// (unless it is null); the column behind the last pair is taken for 0. 32
// values a pair; pairs begin `apart` values from each other.
__attribute__((target("avx512f,avx512bw,avx512vl"))) inline void
StorePixelPairs(const PixelColumns& columns, int64_t pairs, int64_t apart,
                BFloat16* even, BFloat16* odd) {
  __m512i left = columns.Column(0);
  const auto store = [&](int64_t k, __m512i right, __m512i next)
      __attribute__((target("avx512f,avx512bw,avx512vl"), always_inline)) {
    _mm512_storeu_si512(even + k * apart,
                        _mm512_or_si512(left, _mm512_slli_epi32(right, 16)));
    if (odd != nullptr) {
      _mm512_storeu_si512(odd + k * apart,
                          _mm512_or_si512(right, _mm512_slli_epi32(next, 16)));
    }
    left = next;
  };
  // Those where both columns behind the first one are pixels.
  const int64_t first = std::min(columns.before / 2, pairs);
  const int64_t end = std::max(
      first, std::min((columns.before + columns.count - 1) / 2, pairs - 1));
  int64_t k = 0;
  for (; k < first; ++k)
    store(k, columns.Column(2 * k + 1), columns.Column(2 * k + 2));
  for (; k < end; ++k) {
    const BFloat16* const pixel =
        columns.first + (2 * k + 1 - columns.before) * columns.size;
    store(k, columns.Channels(pixel), columns.Channels(pixel + columns.size));
  }
  for (; k < pairs; ++k) {
    store(k, columns.Column(2 * k + 1),
          k + 1 < pairs ? columns.Column(2 * k + 2) : _mm512_setzero_si512());
  }
}

#undef TRITLAB_PAIRS
#endif  // defined(__x86_64__)

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_WEIGHT_GRADIENT_PIXEL_PAIRS_H_
