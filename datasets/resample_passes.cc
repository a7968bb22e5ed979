#include "datasets/resample_passes.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tritlab {
namespace {

constexpr int kBits = 14;  // of a weight: 1 fits into 16 with the sign
constexpr int32_t kHalf = 1 << (kBits - 1);

#if defined(__x86_64__)

int32_t LoadInt(const void* bytes) {
  int32_t value;
  std::memcpy(&value, bytes, 4);
  return value;
}

// Pixels `begin` and after of an RGB row. Two of the input's pixels are
// multiplied at a time; writes one byte past the last pixel.
void FilterRgbRow(const uint8_t* row, const ResampleFilter& filter, int begin,
                  uint8_t* result) {
  const __m128i zero = _mm_setzero_si128();
  const int16_t* weights = filter.weights_of(begin);
  for (int i = begin; i < filter.outputs(); ++i) {
    const uint8_t* in = row + 3 * filter.first[i];
    __m128i sum = _mm_set1_epi32(kHalf);
    for (int k = 0; k < filter.taps; k += 2, in += 6, weights += 2) {
      // R0 R1 G0 G1 B0 B1, of 16 bits each.
      const __m128i pixels = _mm_unpacklo_epi8(
          _mm_unpacklo_epi8(_mm_cvtsi32_si128(LoadInt(in)),
                            _mm_cvtsi32_si128(LoadInt(in + 3))),
          zero);
      sum = _mm_add_epi32(
          sum, _mm_madd_epi16(pixels, _mm_set1_epi32(LoadInt(weights))));
    }
    sum = _mm_srai_epi32(sum, kBits);
    sum = _mm_packs_epi32(sum, sum);
    const int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
    std::memcpy(result + 3 * i, &bytes, 4);
  }
}

// Two vectors of 16 bytes.
__attribute__((target("avx2"))) inline __m256i LoadTwo(const uint8_t* low,
                                                       const uint8_t* high) {
  return _mm256_inserti128_si256(
      _mm256_castsi128_si256(
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(low))),
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(high)), 1);
}

// The same, four pixels of the result at a time: of the first and the third,
// and of the second and the fourth, two of the input's pixels each. kTaps 0 is
// any number.
template <int kTaps>
__attribute__((target("avx2"))) void FilterRgbRowAvx2(
    const uint8_t* row, const ResampleFilter& filter, uint8_t* result) {
  const int taps = kTaps == 0 ? filter.taps : kTaps;
  // R0 R1 G0 G1 B0 B1 of 16 bits each, from R0 G0 B0 R1 G1 B1.
  const __m256i pairs = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
  const __m256i without_fourth = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 1, 2, 4, 5, 6, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
  const __m256i half = _mm256_set1_epi32(kHalf);
  const int16_t* weights = filter.weights.data();
  const int* first = filter.first.data();
  const int groups = filter.outputs() / 4;
  for (int group = 0; group < groups;
       ++group, first += 4, weights += 4 * taps, result += 12) {
    const uint8_t* const in[4] = {row + 3 * first[0], row + 3 * first[1],
                                  row + 3 * first[2], row + 3 * first[3]};
    __m256i even = half, odd = half;
    for (int k = 0; k < taps; k += 2) {
      const auto weight = [&](int pixel) {
        return _mm_set1_epi32(LoadInt(weights + pixel * taps + k));
      };
      even = _mm256_add_epi32(
          even,
          _mm256_madd_epi16(
              _mm256_shuffle_epi8(LoadTwo(in[0] + 3 * k, in[2] + 3 * k), pairs),
              _mm256_set_m128i(weight(2), weight(0))));
      odd = _mm256_add_epi32(
          odd,
          _mm256_madd_epi16(
              _mm256_shuffle_epi8(LoadTwo(in[1] + 3 * k, in[3] + 3 * k), pairs),
              _mm256_set_m128i(weight(3), weight(1))));
    }
    const __m256i words = _mm256_packs_epi32(_mm256_srai_epi32(even, kBits),
                                             _mm256_srai_epi32(odd, kBits));
    const __m256i bytes =
        _mm256_shuffle_epi8(_mm256_packus_epi16(words, words), without_fourth);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(result),
                     _mm256_castsi256_si128(bytes));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(result + 6),
                     _mm256_extracti128_si256(bytes, 1));
  }
}

// 32 bytes at `in` and at `other`, widened and in pairs: those from 0, 4, 8 and
// 12 on, and from 16 more on in the upper halves.
struct Pairs {
  __m256i from0, from4, from8, from12;
};

__attribute__((target("avx2"))) inline Pairs LoadPairs(const uint8_t* in,
                                                       const uint8_t* other) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in));
  const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(other));
  const __m256i low = _mm256_unpacklo_epi8(a, b);
  const __m256i high = _mm256_unpackhi_epi8(a, b);
  return {_mm256_unpacklo_epi8(low, zero), _mm256_unpackhi_epi8(low, zero),
          _mm256_unpacklo_epi8(high, zero), _mm256_unpackhi_epi8(high, zero)};
}

// 32 bytes of the result, from column `x` on.
__attribute__((target("avx2"))) inline void FilterColumns32(
    const uint8_t* const* rows, const int16_t* weights, int taps, int x,
    uint8_t* result) {
  __m256i sum0 = _mm256_set1_epi32(kHalf);
  __m256i sum4 = sum0, sum8 = sum0, sum12 = sum0;
  for (int k = 0; k < taps; k += 2) {
    if (weights[k] == 0 && weights[k + 1] == 0) continue;
    const Pairs pairs = LoadPairs(rows[weights[k] == 0 ? k + 1 : k] + x,
                                  rows[weights[k + 1] == 0 ? k : k + 1] + x);
    const __m256i both = _mm256_set1_epi32(LoadInt(weights + k));
    sum0 = _mm256_add_epi32(sum0, _mm256_madd_epi16(pairs.from0, both));
    sum4 = _mm256_add_epi32(sum4, _mm256_madd_epi16(pairs.from4, both));
    sum8 = _mm256_add_epi32(sum8, _mm256_madd_epi16(pairs.from8, both));
    sum12 = _mm256_add_epi32(sum12, _mm256_madd_epi16(pairs.from12, both));
  }
  const __m256i bytes =
      _mm256_packus_epi16(_mm256_packs_epi32(_mm256_srai_epi32(sum0, kBits),
                                             _mm256_srai_epi32(sum4, kBits)),
                          _mm256_packs_epi32(_mm256_srai_epi32(sum8, kBits),
                                             _mm256_srai_epi32(sum12, kBits)));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(result + x), bytes);
}

__attribute__((target("avx2"))) void FilterColumnsAvx2(
    const uint8_t* const* rows, const int16_t* weights, int taps, int width,
    uint8_t* result) {
  // The last ones are computed together with some before them.
  for (int x = 0; x < width; x += 32)
    FilterColumns32(rows, weights, taps, std::min(x, width - 32), result);
}

bool HasAvx2() {
  static const bool has = __builtin_cpu_supports("avx2");
  return has;
}

#endif  // defined(__x86_64__)

}  // namespace

ResampleFilter::ResampleFilter(int input, double begin, double size,
                               int output) {
  const double scale = size / output;
  const double width = std::max(scale, 1.0);
  taps = (static_cast<int>(std::ceil(2 * width)) + 1) / 2 * 2;
  first.resize(output);
  weights.resize(static_cast<size_t>(output) * taps);
  this->begin = input;
  std::vector<double> exact(taps);
  for (int i = 0; i < output; ++i) {
    const double center = begin + (i + 0.5) * scale;
    const int from =
        std::clamp(static_cast<int>(center - width + 0.5), 0, input - 1);
    const int to = std::min(
        std::clamp(static_cast<int>(center + width + 0.5), from + 1, input),
        from + taps);
    double sum = 0;
    for (int k = 0; k < to - from; ++k) {
      const double distance = std::abs((k + from - center + 0.5) / width);
      exact[k] = std::max(0.0, 1 - distance);
      sum += exact[k];
    }
    int16_t* const rounded = weights.data() + int64_t{i} * taps;
    int left = 1 << kBits;
    int largest = 0;
    for (int k = 0; k < to - from; ++k) {
      const double weight = sum > 0 ? exact[k] / sum : (k == 0 ? 1 : 0);
      rounded[k] = static_cast<int16_t>(weight * (1 << kBits) + 0.5);
      left -= rounded[k];
      if (rounded[k] > rounded[largest]) largest = k;
    }
    // The sum is 1, so that one colour stays that colour.
    rounded[largest] = static_cast<int16_t>(rounded[largest] + left);
    first[i] = from;
    this->begin = std::min(this->begin, from);
    end = std::max(end, to);
  }
}

void FilterRow(const uint8_t* row, const ResampleFilter& filter, int channels,
               uint8_t* result) {
#if defined(__x86_64__)
  if (channels == 3 && HasAvx2()) {
    const auto function = filter.taps == 2   ? FilterRgbRowAvx2<2>
                          : filter.taps == 4 ? FilterRgbRowAvx2<4>
                                             : FilterRgbRowAvx2<0>;
    function(row, filter, result);
    FilterRgbRow(row, filter, filter.outputs() / 4 * 4, result);
    return;
  }
#endif
  internal::FilterRowPlain(row, filter, channels, result);
}

void FilterColumns(const uint8_t* const* rows, const int16_t* weights, int taps,
                   int width, uint8_t* result) {
#if defined(__x86_64__)
  if (width >= 32 && HasAvx2())
    return FilterColumnsAvx2(rows, weights, taps, width, result);
#endif
  internal::FilterColumnsPlain(rows, weights, taps, width, result);
}

namespace internal {

void FilterRowReference(const uint8_t* row, const ResampleFilter& filter,
                        int channels, uint8_t* result) {
  for (int i = 0; i < filter.outputs(); ++i) {
    for (int c = 0; c < channels; ++c) {
      int32_t sum = kHalf;
      for (int k = 0; k < filter.taps; ++k) {
        sum +=
            row[(filter.first[i] + k) * channels + c] * filter.weights_of(i)[k];
      }
      result[i * channels + c] = static_cast<uint8_t>(sum >> kBits);
    }
  }
}

void FilterRowPlain(const uint8_t* row, const ResampleFilter& filter,
                    int channels, uint8_t* result) {
#if defined(__x86_64__)
  if (channels == 3) return FilterRgbRow(row, filter, 0, result);
#endif
  FilterRowReference(row, filter, channels, result);
}

void FilterColumnsReference(const uint8_t* const* rows, const int16_t* weights,
                            int taps, int width, uint8_t* result) {
  for (int x = 0; x < width; ++x) {
    int32_t sum = kHalf;
    for (int k = 0; k < taps; ++k) {
      if (weights[k] != 0) sum += rows[k][x] * weights[k];
    }
    result[x] = static_cast<uint8_t>(sum >> kBits);
  }
}

// Row by row, which compilers turn into vector instructions.
void FilterColumnsPlain(const uint8_t* const* rows, const int16_t* weights,
                        int taps, int width, uint8_t* result) {
  constexpr int kBlock = 256;
  for (int from = 0; from < width; from += kBlock) {
    const int count = std::min(kBlock, width - from);
    int32_t sums[kBlock];
    for (int x = 0; x < count; ++x) sums[x] = kHalf;
    for (int k = 0; k < taps; ++k) {
      const int32_t weight = weights[k];
      if (weight == 0) continue;
      const uint8_t* const row = rows[k] + from;
      for (int x = 0; x < count; ++x) sums[x] += row[x] * weight;
    }
    for (int x = 0; x < count; ++x)
      result[from + x] = static_cast<uint8_t>(sums[x] >> kBits);
  }
}

}  // namespace internal
}  // namespace tritlab
