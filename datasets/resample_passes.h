// The two passes of a resampling: each pixel becomes a weighted sum of those
// beside it, along a row or along a column, with weights of 14 bits.
//
// Every path computes the same integers, so that an image has the same bytes on
// every machine.
#ifndef TRITLAB_DATASETS_RESAMPLE_PASSES_H_
#define TRITLAB_DATASETS_RESAMPLE_PASSES_H_

#include <cstdint>
#include <vector>

namespace tritlab {

// The weights of one direction, as datasets/resample.h has them.
struct ResampleFilter {
  // `size` pixels from `begin` on, of `input`, become `output`.
  ResampleFilter(int input, double begin, double size, int output);

  int outputs() const { return static_cast<int>(first.size()); }
  const int16_t* weights_of(int output) const {
    return weights.data() + int64_t{output} * taps;
  }

  // Weights for each output pixel, an even number; those beyond the filter or
  // the image are 0. The others are positive, and their sum is 2^14.
  int taps = 0;
  std::vector<int> first;        // input pixel of the first weight
  std::vector<int16_t> weights;  // [output][taps]

  // The input pixels that count.
  int begin = 0;
  int end = 0;
};

// What FilterRow may read behind a row's last pixel, and write behind the
// result's, in bytes.
inline int ReadBehindRow(const ResampleFilter& filter, int channels) {
  return filter.taps * channels + 16;
}
inline constexpr int kWrittenBehindRow = 2;

// result[i][c] = sum_k weights[i][k] row[first[i] + k][c].
void FilterRow(const uint8_t* row, const ResampleFilter& filter, int channels,
               uint8_t* result);

// result[x] = sum_k weights[k] rows[k][x], x < width. Rows whose weight is 0
// are not read. `taps` is even.
void FilterColumns(const uint8_t* const* rows, const int16_t* weights, int taps,
                   int width, uint8_t* result);

namespace internal {
// The formulas above; for tests.
void FilterRowReference(const uint8_t* row, const ResampleFilter& filter,
                        int channels, uint8_t* result);
void FilterColumnsReference(const uint8_t* const* rows, const int16_t* weights,
                            int taps, int width, uint8_t* result);
// The instructions that every x86-64 has.
void FilterRowPlain(const uint8_t* row, const ResampleFilter& filter,
                    int channels, uint8_t* result);
void FilterColumnsPlain(const uint8_t* const* rows, const int16_t* weights,
                        int taps, int width, uint8_t* result);
}  // namespace internal

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_RESAMPLE_PASSES_H_
