#include "datasets/resample_passes.h"

#include <numeric>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

std::vector<uint8_t> RandomBytes(int64_t count) {
  std::vector<uint8_t> bytes(count);
  const RandomStream random(1);
  for (int64_t i = 0; i < count; ++i)
    bytes[i] = static_cast<uint8_t>(random.Below(i, 256));
  return bytes;
}

// Filters of every width, over whole images and parts, for numbers of outputs
// that fill the vectors and that do not.
std::vector<ResampleFilter> Filters(int input) {
  std::vector<ResampleFilter> filters;
  for (const int output : {1, 2, 3, 4, 5, 8, 11, 40, 224}) {
    for (const double size : {1.0 * input, 0.4 * input, 2.3}) {
      for (const double begin : {0.0, (input - size) / 2, input - size}) {
        if (begin >= 0) filters.emplace_back(input, begin, size, output);
      }
    }
  }
  return filters;
}

// What every fast path counts on.
TEST(ResamplePassesTest, WeightsSumToOneAndTapsAreEven) {
  for (const int input : {1, 3, 50}) {
    for (const ResampleFilter& filter : Filters(input)) {
      ASSERT_EQ(filter.taps % 2, 0);
      for (int i = 0; i < filter.outputs(); ++i) {
        const int16_t* const weights = filter.weights_of(i);
        ASSERT_EQ(std::accumulate(weights, weights + filter.taps, 0), 1 << 14);
        for (int k = 0; k < filter.taps; ++k) {
          ASSERT_GE(weights[k], 0);
          const int pixel = filter.first[i] + k;
          ASSERT_TRUE(weights[k] == 0 ||
                      (pixel >= filter.begin && pixel < filter.end));
        }
      }
    }
  }
}

// The vector instructions of this machine, and those of every one, compute the
// integers of the formula, and write nothing but what they may.
TEST(ResamplePassesTest, RowsAreTheReference) {
  constexpr uint8_t kUntouched = 0xa5;
  for (const int channels : {1, 2, 3, 4}) {
    for (const int input : {1, 3, 50, 301}) {
      for (const ResampleFilter& filter : Filters(input)) {
        const std::vector<uint8_t> row =
            RandomBytes(input * channels + ReadBehindRow(filter, channels));
        const int size = filter.outputs() * channels;
        std::vector<uint8_t> expected(size);
        internal::FilterRowReference(row.data(), filter, channels,
                                     expected.data());
        for (const auto function : {FilterRow, internal::FilterRowPlain}) {
          std::vector<uint8_t> result(size + kWrittenBehindRow + 1, kUntouched);
          function(row.data(), filter, channels, result.data());
          ASSERT_EQ(result.back(), kUntouched);
          result.resize(size);
          ASSERT_EQ(result, expected)
              << channels << " channels, " << input << " to "
              << filter.outputs() << ", " << filter.taps << " taps";
        }
      }
    }
  }
}

TEST(ResamplePassesTest, ColumnsAreTheReference) {
  for (const int width : {1, 31, 32, 33, 64, 100, 300, 672}) {
    for (const int input : {1, 3, 50}) {
      const std::vector<uint8_t> pixels = RandomBytes(int64_t{input} * width);
      for (const ResampleFilter& filter : Filters(input)) {
        for (int i = 0; i < filter.outputs(); i += 7) {
          std::vector<const uint8_t*> rows;
          for (int k = 0; k < filter.taps; ++k) {
            rows.push_back(filter.weights_of(i)[k] == 0
                               ? nullptr
                               : &pixels[int64_t{filter.first[i] + k} * width]);
          }
          std::vector<uint8_t> expected(width);
          internal::FilterColumnsReference(rows.data(), filter.weights_of(i),
                                           filter.taps, width, expected.data());
          for (const auto function :
               {FilterColumns, internal::FilterColumnsPlain}) {
            std::vector<uint8_t> result(width);
            function(rows.data(), filter.weights_of(i), filter.taps, width,
                     result.data());
            ASSERT_EQ(result, expected) << width << ", " << filter.taps;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace tritlab
