#include "kernels/tensor.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/bfloat16.h"

namespace tritlab {
namespace {

uint16_t Rounded(float value) {
  uint16_t bits = 0;
  FromFloat(&value, 1, DataType::kBF16, &bits);
  return bits;
}

float Widened(uint16_t bits) {
  float value = 0;
  ToFloat(DataType::kBF16, &bits, 1, &value);
  return value;
}

TEST(Tensor, NamesAndSizesOfTypes) {
  EXPECT_STREQ(Name(DataType::kF32), "f32");
  EXPECT_STREQ(Name(DataType::kBF16), "bf16");
  EXPECT_EQ(SizeOf(DataType::kF32), 4u);
  EXPECT_EQ(SizeOf(DataType::kBF16), 2u);
}

TEST(Tensor, ShapeCountsItsElements) {
  const Shape shape = {128, 32, 16, 3};
  EXPECT_EQ(ToString(shape), "128x32x16x3");
  EXPECT_EQ(shape.size(), 128 * 32 * 16 * 3);
  EXPECT_EQ(shape.image_size(), 32 * 16 * 3);
}

TEST(Tensor, BufferIsZeroAndAligned) {
  // Below and above the size from which large pages are asked for.
  for (size_t bytes : {size_t{1}, size_t{100}, (size_t{1} << 21) + 5}) {
    Buffer buffer(bytes);
    ASSERT_EQ(buffer.bytes(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 64, 0u);
    const char* data = static_cast<const char*>(buffer.data());
    for (size_t i = 0; i < bytes; ++i) ASSERT_EQ(data[i], 0) << i;
  }
  EXPECT_EQ(Buffer(0).data(), nullptr);
  EXPECT_EQ(Buffer().bytes(), 0u);
}

TEST(Tensor, BF16RoundsToNearestEven) {
  EXPECT_EQ(Rounded(1.0f), 0x3f80);
  EXPECT_EQ(Rounded(-2.0f), 0xc000);
  // 1 + 2^-8 lies half way between 1 and 1 + 2^-7: to the even one, down.
  EXPECT_EQ(Rounded(1.0f + 0x1p-8f), 0x3f80);
  // 1 + 3 * 2^-8 lies half way, too: to the even one, up.
  EXPECT_EQ(Rounded(1.0f + 3 * 0x1p-8f), 0x3f82);
  EXPECT_EQ(Rounded(1.0f + 0x1p-8f + 0x1p-20f), 0x3f81);
  EXPECT_EQ(Rounded(-0.0f), 0x8000);
}

TEST(Tensor, BF16KeepsInfinityAndNaN) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(Rounded(kInfinity), 0x7f80);
  EXPECT_EQ(Rounded(std::numeric_limits<float>::max()), 0x7f80);
  EXPECT_TRUE(std::isnan(Widened(Rounded(NAN))));
  // A NaN whose upper half alone would read as infinity.
  EXPECT_TRUE(
      std::isnan(Widened(Rounded(std::bit_cast<float>(uint32_t{0x7f800001})))));
}

// The vector loop, its tail and the threads' parts must agree with one another.
TEST(Tensor, EveryBF16SurvivesTheWayToF32AndBack) {
  std::vector<uint16_t> bits(0x10000 + 7);
  for (size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<uint16_t>(i);
  std::vector<float> floats(bits.size());
  std::vector<uint16_t> back(bits.size());
  ToFloat(DataType::kBF16, bits.data(), bits.size(), floats.data());
  FromFloat(floats.data(), floats.size(), DataType::kBF16, back.data());
  for (size_t i = 0; i < bits.size(); ++i) {
    if (std::isnan(floats[i])) {
      ASSERT_TRUE(std::isnan(Widened(back[i]))) << i;
    } else {
      ASSERT_EQ(bits[i], back[i]) << i;
    }
  }
}

TEST(Tensor, ConversionToF32IsACopy) {
  std::vector<float> source(100001);
  for (size_t i = 0; i < source.size(); ++i) source[i] = 0.5f * i;
  std::vector<float> target(source.size());
  FromFloat(source.data(), source.size(), DataType::kF32, target.data());
  EXPECT_EQ(source, target);
  std::vector<float> back(source.size());
  ToFloat(DataType::kF32, target.data(), target.size(), back.data());
  EXPECT_EQ(source, back);
}

}  // namespace
}  // namespace tritlab
