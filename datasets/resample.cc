#include "datasets/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "base/vector_clones.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tritlab {
namespace {

constexpr int kBits = 14;  // of a weight: 1 fits into 16 with the sign
constexpr int32_t kHalf = 1 << (kBits - 1);

// The weights of one direction.
struct Filter {
  // Weights for each output pixel, an even number; those beyond the filter or
  // the image are 0.
  int taps = 0;
  std::vector<int> first;        // input pixel of the first weight
  std::vector<int16_t> weights;  // [output][taps]

  // The input pixels that count.
  int begin = 0;
  int end = 0;
};

Filter MakeFilter(int input, double begin, double size, int output) {
  const double scale = size / output;
  const double width = std::max(scale, 1.0);
  Filter filter;
  filter.taps = (static_cast<int>(std::ceil(2 * width)) + 1) / 2 * 2;
  filter.first.resize(output);
  filter.weights.resize(static_cast<size_t>(output) * filter.taps);
  filter.begin = input;
  std::vector<double> weights(filter.taps);
  for (int i = 0; i < output; ++i) {
    const double center = begin + (i + 0.5) * scale;
    const int first =
        std::clamp(static_cast<int>(center - width + 0.5), 0, input - 1);
    const int end = std::min(
        std::clamp(static_cast<int>(center + width + 0.5), first + 1, input),
        first + filter.taps);
    double sum = 0;
    for (int k = 0; k < end - first; ++k) {
      const double distance = std::abs((k + first - center + 0.5) / width);
      weights[k] = std::max(0.0, 1 - distance);
      sum += weights[k];
    }
    int16_t* const rounded =
        filter.weights.data() + static_cast<size_t>(i) * filter.taps;
    int left = 1 << kBits;
    int largest = 0;
    for (int k = 0; k < end - first; ++k) {
      const double weight = sum > 0 ? weights[k] / sum : (k == 0 ? 1 : 0);
      rounded[k] = static_cast<int16_t>(weight * (1 << kBits) + 0.5);
      left -= rounded[k];
      if (rounded[k] > rounded[largest]) largest = k;
    }
    // The sum is 1, so that one colour stays that colour.
    rounded[largest] = static_cast<int16_t>(rounded[largest] + left);
    filter.first[i] = first;
    filter.begin = std::min(filter.begin, first);
    filter.end = std::max(filter.end, end);
  }
  return filter;
}

// A row of pixels, with filter.taps more pixels behind it.
void FilterRow(const uint8_t* row, const Filter& filter, int channels,
               uint8_t* result) {
  const int16_t* weights = filter.weights.data();
  for (size_t i = 0; i < filter.first.size(); ++i, weights += filter.taps) {
    for (int c = 0; c < channels; ++c) {
      int32_t sum = kHalf;
      for (int k = 0; k < filter.taps; ++k)
        sum += row[(filter.first[i] + k) * channels + c] * weights[k];
      result[i * channels + c] = static_cast<uint8_t>(sum >> kBits);
    }
  }
}

// The same of RGB; writes one byte past the last pixel. Two of the input's
// pixels are multiplied at a time.
#if defined(__SSE2__)
template <int kTaps>
void FilterRgbRow(const uint8_t* row, const Filter& filter, uint8_t* result) {
  const __m128i zero = _mm_setzero_si128();
  const __m128i half = _mm_set1_epi32(kHalf);
  const auto load = [](const void* bytes) {
    int32_t value;
    std::memcpy(&value, bytes, 4);
    return value;
  };
  const int taps = kTaps == 0 ? filter.taps : kTaps;
  const int16_t* weights = filter.weights.data();
  const int* const firsts = filter.first.data();
  const size_t output = filter.first.size();
  for (size_t i = 0; i < output; ++i, weights += taps) {
    const uint8_t* in = row + 3 * firsts[i];
    __m128i sum = half;
    for (int k = 0; k < taps; k += 2, in += 6) {
      // R0 R1 G0 G1 B0 B1, of 16 bits each.
      const __m128i pixels =
          _mm_unpacklo_epi8(_mm_unpacklo_epi8(_mm_cvtsi32_si128(load(in)),
                                              _mm_cvtsi32_si128(load(in + 3))),
                            zero);
      sum = _mm_add_epi32(
          sum, _mm_madd_epi16(pixels, _mm_set1_epi32(load(weights + k))));
    }
    sum = _mm_srai_epi32(sum, kBits);
    sum = _mm_packs_epi32(sum, sum);
    const int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
    std::memcpy(result + 3 * i, &bytes, 4);
  }
}

void FilterRgbRow(const uint8_t* row, const Filter& filter, uint8_t* result) {
  const auto function = filter.taps == 2   ? FilterRgbRow<2>
                        : filter.taps == 4 ? FilterRgbRow<4>
                                           : FilterRgbRow<0>;
  function(row, filter, result);
}
#else
void FilterRgbRow(const uint8_t* row, const Filter& filter, uint8_t* result) {
  FilterRow(row, filter, 3, result);
}
#endif

// result[x] = sum_k weights[k] rows[k][x]. Rows whose weight is 0 need not be
// there.
TRITLAB_VECTOR_CLONES
void FilterColumns(const uint8_t* rows, int64_t row_size,
                   const int16_t* weights, int taps, int width, int32_t* sums,
                   uint8_t* result) {
  for (int x = 0; x < width; ++x) sums[x] = kHalf;
  for (int k = 0; k < taps; ++k) {
    const int32_t weight = weights[k];
    if (weight == 0) continue;
    const uint8_t* const row = rows + k * row_size;
    for (int x = 0; x < width; ++x) sums[x] += row[x] * weight;
  }
  for (int x = 0; x < width; ++x)
    result[x] = static_cast<uint8_t>(sums[x] >> kBits);
}

}  // namespace

void Resample(const uint8_t* pixels, const ImageSize& image, int channels,
              const Region& region, const ImageSize& output_size,
              uint8_t* output) {
  Filter across =
      MakeFilter(image.width, region.left, region.width, output_size.width);
  const Filter down =
      MakeFilter(image.height, region.top, region.height, output_size.height);
  for (int& first : across.first) first -= across.begin;
  const int rows_count = down.end - down.begin;

  const int64_t input_row = int64_t{image.width} * channels;
  const int row_bytes = (across.end - across.begin) * channels;
  const int output_row = output_size.width * channels;
  std::vector<uint8_t> row(row_bytes + (across.taps + 1) * channels);
  const auto rows = std::make_unique_for_overwrite<uint8_t[]>(
      int64_t{rows_count} * output_row + 1);
  for (int y = 0; y < rows_count; ++y) {
    std::memcpy(row.data(),
                pixels + (y + down.begin) * input_row + across.begin * channels,
                row_bytes);
    uint8_t* const result = rows.get() + int64_t{y} * output_row;
    if (channels == 3) {
      FilterRgbRow(row.data(), across, result);
    } else {
      FilterRow(row.data(), across, channels, result);
    }
  }
  std::vector<int32_t> sums(output_row);
  for (int y = 0; y < output_size.height; ++y) {
    FilterColumns(rows.get() + int64_t{down.first[y] - down.begin} * output_row,
                  output_row, down.weights.data() + int64_t{y} * down.taps,
                  down.taps, output_row, sums.data(),
                  output + int64_t{y} * output_row);
  }
}

namespace internal {

void ResampleReference(const uint8_t* pixels, const ImageSize& image,
                       int channels, const Region& region,
                       const ImageSize& output_size, double* output) {
  const auto weight = [](int j, int i, double begin, double size, int out) {
    const double scale = size / out;
    const double center = begin + (i + 0.5) * scale;
    return std::max(0.0, 1 - std::abs(j + 0.5 - center) / std::max(scale, 1.0));
  };
  for (int y = 0; y < output_size.height; ++y) {
    for (int x = 0; x < output_size.width; ++x) {
      for (int c = 0; c < channels; ++c) {
        double sum = 0, weights = 0;
        for (int j = 0; j < image.height; ++j) {
          const double of_row =
              weight(j, y, region.top, region.height, output_size.height);
          if (of_row == 0) continue;
          for (int k = 0; k < image.width; ++k) {
            const double both = of_row * weight(k, x, region.left, region.width,
                                                output_size.width);
            sum += both * pixels[(j * image.width + k) * channels + c];
            weights += both;
          }
        }
        *output++ = sum / weights;
      }
    }
  }
}

}  // namespace internal
}  // namespace tritlab
