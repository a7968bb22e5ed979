#include "datasets/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "datasets/resample_passes.h"

namespace tritlab {

void Resample(const uint8_t* pixels, const ImageSize& image, int channels,
              const Region& region, const ImageSize& output_size,
              uint8_t* output) {
  ResampleFilter across(image.width, region.left, region.width,
                        output_size.width);
  const ResampleFilter down(image.height, region.top, region.height,
                            output_size.height);
  for (int& first : across.first) first -= across.begin;

  const int64_t input_row = int64_t{image.width} * channels;
  const int row_bytes = (across.end - across.begin) * channels;
  const int output_row = output_size.width * channels;
  // With room for what is read behind the last row of the image.
  std::vector<uint8_t> row(row_bytes + ReadBehindRow(across, channels));
  // The rows that are done in one direction and still needed, in a ring.
  const int ring_row = output_row + kWrittenBehindRow;
  const auto ring =
      std::make_unique_for_overwrite<uint8_t[]>(int64_t{down.taps} * ring_row);
  const auto in_ring = [&](int y) {
    return ring.get() + int64_t{y % down.taps} * ring_row;
  };
  std::vector<const uint8_t*> rows(down.taps);
  int next = down.begin;
  for (int y = 0; y < output_size.height; ++y) {
    const int first = down.first[y];
    for (next = std::max(next, first);
         next < std::min(first + down.taps, down.end); ++next) {
      std::memcpy(row.data(),
                  pixels + next * input_row + across.begin * channels,
                  row_bytes);
      FilterRow(row.data(), across, channels, in_ring(next));
    }
    for (int k = 0; k < down.taps; ++k) rows[k] = in_ring(first + k);
    FilterColumns(rows.data(), down.weights_of(y), down.taps, output_row,
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
