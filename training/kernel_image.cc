#include "training/kernel_image.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "datasets/jpeg_writer.h"

namespace tritlab {
namespace {

constexpr int kPixels = 8;      // a weight's side
constexpr int kMostCells = 64;  // a picture's side, in weights and lines
constexpr double kZero = 128;
constexpr double kRange = 112;  // from zero to the largest magnitude
constexpr uint8_t kLine = 255;

// How many kernels of that extent a side of the picture has.
int Shown(int64_t kernels, int64_t extent) {
  const int64_t most = std::max<int64_t>(1, kMostCells / (extent + 1));
  return static_cast<int>(std::min(kernels, most));
}

}  // namespace

KernelImage DrawKernelImage(const ConvolutionOperator& convolution, int inputs,
                            std::span<const float> weights) {
  const int kernel_height = static_cast<int>(convolution.kernel_height());
  const int kernel_width = static_cast<int>(convolution.kernel_width());
  const int rows = Shown(convolution.out_channels(), kernel_height);
  const int columns = Shown(inputs, kernel_width);
  double largest = 0;
  for (const float w : weights)
    largest = std::max<double>(largest, std::abs(w));

  KernelImage image;
  image.height = kPixels * rows * (kernel_height + 1);
  image.width = kPixels * columns * (kernel_width + 1);
  std::vector<uint8_t> pixels(size_t{1} * image.height * image.width, kLine);
  const auto fill = [&](int cell_row, int cell_column, uint8_t grey) {
    for (int y = 0; y < kPixels; ++y) {
      auto* const row = pixels.data() +
                        (size_t{1} * cell_row * kPixels + y) * image.width +
                        cell_column * kPixels;
      std::fill(row, row + kPixels, grey);
    }
  };
  for (int o = 0; o < rows; ++o) {
    for (int i = 0; i < columns; ++i) {
      for (int y = 0; y < kernel_height; ++y) {
        for (int x = 0; x < kernel_width; ++x) {
          const size_t at =
              ((size_t{1} * o * kernel_height + y) * kernel_width + x) *
                  inputs +
              i;
          const double share = largest > 0 ? weights[at] / largest : 0;
          fill(o * (kernel_height + 1) + y, i * (kernel_width + 1) + x,
               static_cast<uint8_t>(std::lround(kZero + kRange * share)));
        }
      }
    }
  }
  image.jpeg = EncodeJpeg(pixels, image.height, image.width, /*components=*/1);
  return image;
}

}  // namespace tritlab
