// Internal to kernels/: rows of an image rewritten by channels, each one's
// pixels side by side.
#ifndef TRITLAB_KERNELS_WEIGHT_GRADIENT_TRANSPOSED_PIXELS_H_
#define TRITLAB_KERNELS_WEIGHT_GRADIENT_TRANSPOSED_PIXELS_H_

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/intrinsics.h"

namespace tritlab {

#if defined(__x86_64__)
#define TRITLAB_TRANSPOSE \
  __attribute__((target("avx512f,avx512bw,avx512vl"), always_inline)) inline

// Pixels that are written at a time; those beyond the last are 0.
constexpr int64_t kTransposedPixels = 8;

// Sixteen channels of `pixels` pixels (8 at most), `pixel_size` apart, become
// sixteen runs of eight values; those beyond are 0. place(channel): where a
// channel's run lies in output.
template <typename Place>
TRITLAB_TRANSPOSE void TransposeSixteenChannels(const BFloat16* input,
                                                int64_t pixel_size,
                                                int64_t pixels,
                                                const Place& place,
                                                BFloat16* output) {
  __m256i in[8], pair[8], four[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    in[i] = i < pixels ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(
                             input + i * pixel_size))
                       : _mm256_setzero_si256();
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    pair[2 * i] = _mm256_unpacklo_epi16(in[2 * i], in[2 * i + 1]);
    pair[2 * i + 1] = _mm256_unpackhi_epi16(in[2 * i], in[2 * i + 1]);
  }
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {  // pixels 0 to 3, 4 to 7
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {  // channels 0 to 3, 4 to 7
      const __m256i a = pair[4 * half + i], b = pair[4 * half + 2 + i];
      four[4 * half + 2 * i] = _mm256_unpacklo_epi32(a, b);
      four[4 * half + 2 * i + 1] = _mm256_unpackhi_epi32(a, b);
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {  // channels 2 i and 2 i + 1, and 8 after them
    const __m256i even = _mm256_unpacklo_epi64(four[i], four[4 + i]);
    const __m256i odd = _mm256_unpackhi_epi64(four[i], four[4 + i]);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(output + place(2 * i)),
                     _mm256_castsi256_si128(even));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(output + place(2 * i + 1)),
                     _mm256_castsi256_si128(odd));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(output + place(2 * i + 8)),
                     _mm256_extracti128_si256(even, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(output + place(2 * i + 9)),
                     _mm256_extracti128_si256(odd, 1));
  }
}

// All channels of `pixels` pixels, `pixel_size` apart, become runs of so many
// values, and up to 7 zeros behind them. place(channel): where a channel's run
// lies in output.
template <typename Place>
TRITLAB_TRANSPOSE void TransposePixels(const BFloat16* input, int64_t channels,
                                       int64_t pixel_size, int64_t pixels,
                                       const Place& place, BFloat16* output) {
  constexpr int64_t kChannels = 16;
  int64_t channel = 0;
  for (; channel + kChannels <= channels; channel += kChannels) {
    const auto from_channel = [&](int64_t i) { return place(channel + i); };
    for (int64_t i = 0; i < pixels; i += kTransposedPixels) {
      const BFloat16* const eight = input + i * pixel_size + channel;
      // Two calls, so that the first knows how many pixels there are.
      if (i + kTransposedPixels <= pixels) {
        TransposeSixteenChannels(eight, pixel_size, kTransposedPixels,
                                 from_channel, output + i);
      } else {
        TransposeSixteenChannels(eight, pixel_size, pixels - i, from_channel,
                                 output + i);
      }
    }
  }
  for (; channel < channels; ++channel) {
    for (int64_t i = 0; i < pixels; ++i)
      output[place(channel) + i] = input[i * pixel_size + channel];
  }
}

#undef TRITLAB_TRANSPOSE
#endif  // defined(__x86_64__)

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_WEIGHT_GRADIENT_TRANSPOSED_PIXELS_H_
