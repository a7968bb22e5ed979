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

// A row of an image as columns of sixteen values: column k is the row's values
// from offset + k * size on. What is outside the row, and behind the column's
// first `channels` values, is 0.
struct PixelColumns {
  const BFloat16* row;
  int64_t values;  // of the row
  int64_t offset;
  int64_t size;
  int64_t channels;

  // As 32 bits each.
  TRITLAB_PAIRS __m512i Load(int64_t value, __mmask16 mask) const {
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, row + value));
  }
  TRITLAB_PAIRS __m512i Column(int64_t k) const {
    const int64_t value = offset + k * size;
    const int64_t begin = std::max<int64_t>(0, -value);
    const int64_t end = std::min(values - value, Lanes());
    return begin < end ? Load(value, LanesBelow(end) & ~LanesBelow(begin))
                       : _mm512_setzero_si512();
  }
  // The columns that are in the row as a whole: from First() to End() - 1.
  int64_t First() const {
    return offset >= 0 ? 0 : (-offset + size - 1) / size;
  }
  int64_t End() const {
    const int64_t room = values - Lanes() - offset;
    return room < 0 ? 0 : room / size + 1;
  }
  int64_t Lanes() const { return std::min(channels, kLanes); }

  static constexpr int64_t kLanes = 16;
  static __mmask16 LanesBelow(int64_t end) {
    return static_cast<__mmask16>((1u << end) - 1);
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
  // Those where both columns behind the first one are in the row.
  const int64_t first = std::min(columns.First() / 2, pairs);
  const int64_t end =
      std::max(first, std::min((columns.End() - 1) / 2, pairs - 1));
  const __mmask16 lanes = PixelColumns::LanesBelow(columns.Lanes());
  int64_t k = 0;
  for (; k < first; ++k)
    store(k, columns.Column(2 * k + 1), columns.Column(2 * k + 2));
  for (; k < end; ++k) {
    const int64_t value = columns.offset + (2 * k + 1) * columns.size;
    store(k, columns.Load(value, lanes),
          columns.Load(value + columns.size, lanes));
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
