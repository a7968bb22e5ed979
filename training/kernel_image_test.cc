#include "training/kernel_image.h"

#include <cstdint>
#include <string>
#include <vector>

#include "datasets/jpeg.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

ConvolutionOperator Convolution(int outputs, int side) {
  ConvolutionOperator convolution;
  convolution.set_out_channels(outputs);
  convolution.set_kernel_height(side);
  convolution.set_kernel_width(side);
  return convolution;
}

// The grey of the pixel in the middle of each weight and line, row by row.
std::vector<std::vector<int>> Cells(const KernelImage& image) {
  const ImageShape shape = {image.height, image.width, 3};
  std::vector<uint8_t> pixels(shape.size());
  EXPECT_TRUE(DecodeJpeg(image.jpeg, "kernels", shape, pixels.data()).ok());
  std::vector<std::vector<int>> cells;
  for (int y = 4; y < image.height; y += 8) {
    cells.emplace_back();
    for (int x = 4; x < image.width; x += 8)
      cells.back().push_back(pixels[(y * image.width + x) * 3]);
  }
  return cells;
}

// Protects: which weight is where (OHWI: a filter's input channels lie side by
// side), and what zero and the signs look like after the JPEG.
TEST(KernelImage, EachWeightIsInItsPlace) {
  // Two filters of 2x2 with three input channels.
  std::vector<float> weights(2 * 2 * 2 * 3, 0.0f);
  const auto at = [&](int o, int y, int x, int i) -> float& {
    return weights[((o * 2 + y) * 2 + x) * 3 + i];
  };
  at(0, 0, 1, 0) = 2;
  at(1, 1, 0, 2) = -2;
  at(1, 1, 1, 1) = 1;
  const KernelImage image = DrawKernelImage(Convolution(2, 2), 3, weights);
  EXPECT_EQ(image.height, 6 * 8);
  EXPECT_EQ(image.width, 9 * 8);
  const std::vector<std::vector<int>> cells = Cells(image);
  for (int row = 0; row < 6; ++row) {
    for (int column = 0; column < 9; ++column) {
      const int o = row / 3, y = row % 3, i = column / 3, x = column % 3;
      const double expected =
          y == 2 || x == 2 ? 255 : 128 + 112 * at(o, y, x, i) / 2;
      EXPECT_NEAR(cells[row][column], expected, 2) << row << " " << column;
    }
  }
}

// Protects: the size of an event file, whatever the network.
TEST(KernelImage, LargeLayersShowTheirFirstKernels) {
  const std::vector<float> weights(512 * 9 * 512, 0.5f);
  const KernelImage image = DrawKernelImage(Convolution(512, 3), 512, weights);
  EXPECT_EQ(image.height, 512);
  EXPECT_EQ(image.width, 512);
  EXPECT_LT(image.jpeg.size(), 16000u);
  const std::vector<float> large(4 * 100 * 100 * 3, 0.0f);
  const KernelImage one = DrawKernelImage(Convolution(4, 100), 3, large);
  EXPECT_EQ(one.height, 101 * 8);
  EXPECT_EQ(Cells(one)[50][50], 128);
}

}  // namespace
}  // namespace tritlab
