#include "kernels/integer/byte_elementwise.h"

#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::ElementsAre;

TEST(ByteElementwiseTest, QuantizesToNearestEvenAndSaturates) {
  const std::vector<float> values = {0.25f, 0.75f, -0.25f, 1000, -1000, 0.74f};
  std::vector<int8_t> s8(6);
  QuantizeBytes(values.data(), 6, 0.5f, ByteType::kS8, s8.data());
  EXPECT_THAT(s8, ElementsAre(0, 2, 0, 127, -128, 1));
  std::vector<uint8_t> u8(6);
  QuantizeBytes(values.data(), 6, 0.5f, ByteType::kU8, u8.data());
  EXPECT_THAT(u8, ElementsAre(0, 2, 0, 255, 0, 1));
}

TEST(ByteElementwiseTest, LooksUpEachChannelInItsTable) {
  std::vector<uint8_t> tables(2 * 256);
  tables[7] = 1;
  tables[256 + 7] = 2;
  const std::vector<uint8_t> input = {7, 7, 0, 7};
  std::vector<uint8_t> output(4, 9);
  LookUpBytes(2, 2, tables.data(), input.data(), output.data());
  EXPECT_THAT(output, ElementsAre(1, 2, 0, 2));
}

TEST(ByteElementwiseTest, ScalesEachChannelAndCutsOffBelowZero) {
  const std::vector<int8_t> input = {-4, 10, 3, -128};
  std::vector<uint8_t> output(4);
  ScaleBytes(2, ByteType::kS8, std::vector<float>{0.5f, 30},
             std::vector<float>{1, 2}, input.data(), output.data());
  EXPECT_THAT(output, ElementsAre(0, 255, 2, 0));
}

TEST(ByteElementwiseTest, AddsAResidualAndRounds) {
  const std::vector<float> values = {0.75f, -3, 200, 0.25f};
  std::vector<int8_t> bytes = {1, 2, -100, 0};
  // In place.
  RoundToBytes(values.data(), 4, 0.5f, ByteType::kS8, bytes.data(),
               /*relu=*/false, ByteType::kS8, bytes.data());
  EXPECT_THAT(bytes, ElementsAre(1, -2, 127, 0));
  std::vector<uint8_t> unsigned_bytes(4);
  RoundToBytes(values.data(), 4, 0, ByteType::kS8, bytes.data(), /*relu=*/true,
               ByteType::kU8, unsigned_bytes.data());
  EXPECT_THAT(unsigned_bytes, ElementsAre(1, 0, 200, 0));
}

// A 3x3 image of two channels, windows of 2 with padding 1: corners see one
// pixel.
TEST(ByteElementwiseTest, PoolsWithinTheImage) {
  std::vector<uint8_t> image(18);
  for (int i = 0; i < 18; ++i) image[i] = static_cast<uint8_t>(10 * i);
  PoolingShape shape{.kind = PoolingShape::Kind::kMax,
                     .input = {1, 3, 3, 2},
                     .window_height = 2,
                     .window_width = 2,
                     .stride = 2,
                     .padding = 1};
  std::vector<uint8_t> output(8);
  PoolBytes(shape, ByteType::kU8, 1, image.data(), output.data());
  EXPECT_THAT(output, ElementsAre(0, 10, 40, 50, 120, 130, 160, 170));
  shape.kind = PoolingShape::Kind::kAverage;
  PoolBytes(shape, ByteType::kU8, 0.25f, image.data(), output.data());
  // The corner: 0 / 4; then (20 + 40) / 4; (60 + 120) / 4; the last four.
  EXPECT_THAT(output, ElementsAre(0, 2, 15, 20, 45, 50, 120, 130));
}

TEST(ByteElementwiseTest, RoundsSumsOfOneAndOfTwoTerms) {
  const std::vector<int32_t> sums = {10, -10, 4, 1000}, more = {1, 2, 3, 4};
  const std::vector<float> scales = {0.5f, 1}, more_scales = {-1, -2};
  const std::vector<float> biases = {1, 0.5f};
  std::vector<uint8_t> u8(4);
  RoundSums(2, scales, sums.data(), {}, nullptr, biases, /*relu=*/true,
            ByteType::kU8, u8.data());
  EXPECT_THAT(u8, ElementsAre(6, 0, 3, 255));
  std::vector<int8_t> s8(4);
  RoundSums(2, scales, sums.data(), more_scales, more.data(), biases,
            /*relu=*/false, ByteType::kS8, s8.data());
  EXPECT_THAT(s8, ElementsAre(5, -14, 0, 127));
}

// The shortcut of a residual network.
TEST(ByteElementwiseTest, WindowsOfOnePixelAreSubsampled) {
  std::vector<uint8_t> image(18);
  for (int i = 0; i < 18; ++i) image[i] = static_cast<uint8_t>(10 * i);
  PoolingShape shape{
      .kind = PoolingShape::Kind::kAverage, .input = {1, 3, 3, 2}, .stride = 2};
  std::vector<uint8_t> output(8);
  PoolBytes(shape, ByteType::kU8, 1, image.data(), output.data());
  EXPECT_THAT(output, ElementsAre(0, 10, 40, 50, 120, 130, 160, 170));
  PoolBytes(shape, ByteType::kU8, 0.5f, image.data(), output.data());
  EXPECT_THAT(output, ElementsAre(0, 5, 20, 25, 60, 65, 80, 85));
}

TEST(ByteElementwiseTest, ASignedMaximumMayBeNegative) {
  const std::vector<int8_t> image = {-5, -3, -9, -7};
  std::vector<int8_t> output(1);
  PoolBytes({.kind = PoolingShape::Kind::kMax,
             .input = {1, 2, 2, 1},
             .window_height = 2,
             .window_width = 2,
             .stride = 2},
            ByteType::kS8, 1, image.data(), output.data());
  EXPECT_EQ(output[0], -3);
}

TEST(ByteElementwiseTest, InsertsChannels) {
  const std::vector<uint8_t> input = {1, 2, 3, 4};
  std::vector<uint8_t> output(8, 9);
  InsertChannelsOfBytes(2, 2, 1, 4, {}, input.data(), output.data());
  EXPECT_THAT(output, ElementsAre(9, 1, 2, 9, 9, 3, 4, 9));
  std::vector<uint8_t> negated(256);
  for (int i = 0; i < 256; ++i) negated[i] = static_cast<uint8_t>(255 - i);
  InsertChannelsOfBytes(2, 2, 2, 4, negated, input.data(), output.data());
  EXPECT_THAT(output, ElementsAre(9, 1, 254, 253, 9, 3, 252, 251));
}

TEST(ByteElementwiseTest, PadsChannels) {
  const std::vector<uint8_t> input = {1, 2, 3, 4};
  std::vector<uint8_t> output(8, 9);
  PadChannelsOfBytes(2, 2, 1, 4, input.data(), output.data());
  EXPECT_THAT(output, ElementsAre(0, 1, 2, 0, 0, 3, 4, 0));
}

}  // namespace
}  // namespace tritlab
