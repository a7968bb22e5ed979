#include "kernels/ordered_convolution.h"

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/reference/ordered_convolution.h"

namespace tritlab {
namespace {

std::vector<float> Drawn(int64_t count, uint64_t seed) {
  std::vector<float> values(count);
  const RandomStream random(seed);
  for (int64_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(random.Bits(i) % 20001) / 7000.0f - 1.4f;
  return values;
}

// Protects: the bits do not depend on vectors, blocks or threads. Channels
// below, at and above a block's 32, groups, strides and borders.
TEST(OrderedConvolutionTest, EqualsItsReferenceToTheLastBit) {
  const ConvolutionShape shapes[] = {
      {.input = {2, 9, 7, 3},
       .out_channels = 16,
       .kernel_height = 3,
       .kernel_width = 3,
       .padding = 1},
      {.input = {1, 11, 11, 3},
       .out_channels = 33,
       .kernel_height = 7,
       .kernel_width = 7,
       .stride = 2,
       .padding = 3},
      {.input = {2, 5, 5, 8},
       .out_channels = 64,
       .kernel_height = 3,
       .kernel_width = 1,
       .groups = 2},
      {.input = {3, 1, 1, 130}, .out_channels = 10},
      {.input = {1, 1, 1, 700}, .out_channels = 100},
  };
  for (const ConvolutionShape& shape : shapes) {
    const std::vector<float> input = Drawn(shape.input.size(), 1);
    const std::vector<float> weights = Drawn(shape.weight_count(), 2);
    const std::vector<float> scales = Drawn(shape.out_channels, 3);
    const std::vector<float> biases = Drawn(shape.out_channels, 4);
    const auto convolution =
        OrderedConvolution::Create(shape, weights, scales, biases);
    ASSERT_TRUE(convolution.ok()) << convolution.status();
    std::vector<float> output(shape.output().size()), expected = output;
    (*convolution)->Run(input.data(), output.data());
    reference::OrderedConvolution(shape, input.data(), weights, scales, biases,
                                  expected.data());
    EXPECT_EQ(output, expected) << shape.out_channels << " channels";
  }
}

TEST(OrderedConvolutionTest, LengthsThatDoNotFitAreRefused) {
  const ConvolutionShape shape = {.input = {1, 1, 1, 4}, .out_channels = 2};
  const std::vector<float> eight(8), two(2);
  EXPECT_TRUE(OrderedConvolution::Create(shape, eight, two, two).ok());
  EXPECT_FALSE(OrderedConvolution::Create(shape, two, two, two).ok());
  EXPECT_FALSE(OrderedConvolution::Create(shape, eight, eight, two).ok());
  EXPECT_FALSE(OrderedConvolution::Create(shape, eight, two, eight).ok());
}

}  // namespace
}  // namespace tritlab
