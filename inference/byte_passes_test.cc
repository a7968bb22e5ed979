#include "inference/byte_passes.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

PackedModelDescription Normalized(float mean, float deviation) {
  PackedModelDescription description;
  description.add_mean(mean);
  description.add_deviation(deviation);
  return description;
}

// A tensor of one pixel in a buffer of its own.
ByteTensor Tensor(ByteMemory& memory, int64_t channels, ByteType type,
                  float step) {
  memory.buffers.emplace_back(channels);
  return {.shape = {.batch = 1, .channels = channels},
          .type = type,
          .step = step,
          .buffer = static_cast<int>(memory.buffers.size()) - 1};
}

// Protects: bytes cover what normalization allows, floats are not rounded.
TEST(BytePassesTest, AnImageAsBytesAndAsFloats) {
  const auto normalized = NormalizedPixels(Normalized(0.5f, 0.25f), 1);
  ASSERT_TRUE(normalized.ok()) << normalized.status();
  EXPECT_FLOAT_EQ(StepOfPixels(*normalized), 2.0f / 127);
  ByteMemory memory;
  const ByteTensor bytes =
      Tensor(memory, 1, ByteType::kS8, StepOfPixels(*normalized));
  const ByteTensor floats = Tensor(memory, 4, ByteType::kU8, 1);
  for (const int pixel : {0, 100, 255}) {
    const auto value = static_cast<uint8_t>(pixel);
    memory.pixels = &value;
    ImageAsBytes(*normalized, bytes)(memory);
    ImageAsFloats(*normalized, bytes.shape, floats.buffer)(memory);
    const float exact = (static_cast<float>(pixel) / 255 - 0.5f) / 0.25f;
    EXPECT_EQ(memory.Floats(floats.buffer)[0], exact);
    EXPECT_NEAR(
        *static_cast<const int8_t*>(memory.At(bytes.buffer)) * bytes.step,
        exact, 0.501f * bytes.step);
  }
}

TEST(BytePassesTest, ImpossibleNormalizationsAreRefused) {
  EXPECT_THAT(
      std::string(NormalizedPixels(Normalized(0, 1), 3).status().message()),
      HasSubstr("does not say how images are normalized"));
  EXPECT_THAT(
      std::string(NormalizedPixels(Normalized(0, 0), 1).status().message()),
      HasSubstr("impossible"));
}

// Protects: signed bytes do not become large numbers.
TEST(BytePassesTest, BytesAsFloatsKeepTheirSign) {
  ByteMemory memory;
  const ByteTensor from = Tensor(memory, 3, ByteType::kS8, 0.5f);
  ByteTensor as_unsigned = from;
  as_unsigned.type = ByteType::kU8;
  const int to = Tensor(memory, 12, ByteType::kU8, 1).buffer;
  auto* const bytes = static_cast<int8_t*>(memory.At(from.buffer));
  bytes[0] = -128;
  bytes[1] = -1;
  bytes[2] = 127;
  const auto values = [&] {
    return std::vector<float>(memory.Floats(to), memory.Floats(to) + 3);
  };
  BytesAsFloats(from, to)(memory);
  EXPECT_THAT(values(), ElementsAre(-128, -1, 127));
  BytesAsFloats(as_unsigned, to)(memory);
  EXPECT_THAT(values(), ElementsAre(128, 255, 127));
}

// Protects: bytes of one step are scaled to bytes of another one, and shifts
// are in the latter.
TEST(BytePassesTest, ScaledChannelsAreInStepsOfTheResult) {
  ByteMemory memory;
  const ByteTensor from = Tensor(memory, 2, ByteType::kS8, 0.5f);
  const ByteTensor to = Tensor(memory, 2, ByteType::kU8, 0.25f);
  auto* const bytes = static_cast<int8_t*>(memory.At(from.buffer));
  bytes[0] = 3;   // 1.5
  bytes[1] = -4;  // -2
  ScaleChannels(from, {2, -1}, {1, 3}, to)(memory);
  const uint8_t* const scaled = memory.Unsigned(to.buffer);
  EXPECT_THAT(std::vector<int>(scaled, scaled + 2),
              ElementsAre(4 * (2 * 3 / 2 + 1), 4 * (2 + 3)));
}

// Protects: squares are those of the values that are read, and results are in
// steps of what is written.
TEST(BytePassesTest, NormalizedResponsesAreInStepsOfTheResult) {
  ByteMemory memory;
  const ByteTensor from = Tensor(memory, 3, ByteType::kU8, 0.5f);
  const ByteTensor to = Tensor(memory, 3, ByteType::kU8, 1.0f / 64);
  memory.Unsigned(from.buffer)[0] = 4;  // 2
  memory.Unsigned(from.buffer)[1] = 8;  // 4
  memory.Unsigned(from.buffer)[2] = 0;
  NormalizeLocalResponse({.input = from.shape, .size = 3, .alpha = 2.25f}, from,
                         to)(memory);
  const uint8_t* const bytes = memory.Unsigned(to.buffer);
  // The first two are divided by (1 + 0.75 * (2^2 + 4^2))^0.75 = 8.
  EXPECT_THAT(std::vector<int>(bytes, bytes + 3),
              ElementsAre(64 * 2 / 8, 64 * 4 / 8, 0));
}

// Protects: what is put side by side has one step; other channels stay.
TEST(BytePassesTest, InsertedChannelsAreRoundedToTheStepOfTheWhole) {
  ByteMemory memory;
  const ByteTensor part = Tensor(memory, 2, ByteType::kU8, 0.5f);
  const ByteTensor whole = Tensor(memory, 4, ByteType::kU8, 1);
  memory.Unsigned(part.buffer)[0] = 20;
  memory.Unsigned(part.buffer)[1] = 250;
  memory.Unsigned(whole.buffer)[3] = 7;
  InsertChannels(part, 1, whole)(memory);
  const uint8_t* const bytes = memory.Unsigned(whole.buffer);
  EXPECT_THAT(std::vector<int>(bytes, bytes + 4), ElementsAre(0, 10, 125, 7));
}

}  // namespace
}  // namespace tritlab
