#include "inference/byte_weights.h"

#include <cmath>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

constexpr int64_t kOutputs = 4;

std::vector<uint8_t> RandomCodes(int64_t count, int64_t below) {
  std::vector<uint8_t> codes(count);
  const RandomStream stream(3);
  for (int64_t i = 0; i < count; ++i)
    codes[i] = static_cast<uint8_t>(stream.Below(i, below));
  return codes;
}

// How far bytes are from the weights, as a share of the channel's largest.
double ErrorOf(const ByteWeights& bytes, const std::vector<float>& weights) {
  const size_t n = weights.size() / kOutputs;
  double error = 0;
  for (size_t channel = 0; channel < kOutputs; ++channel) {
    double largest = 0, off = 0;
    for (size_t i = channel * n; i < (channel + 1) * n; ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(weights[i])));
      off = std::max(off, std::abs(static_cast<double>(weights[i]) -
                                   bytes.values[i] * bytes.scales[channel]));
    }
    if (largest > 0) error = std::max(error, off / largest);
  }
  return error;
}

std::vector<float> Values(const CodedWeights& coded) {
  std::vector<float> values;
  for (size_t i = 0; i < coded.codes.size(); ++i)
    values.push_back(coded.value(i));
  return values;
}

TEST(ByteWeightsTest, FullPrecisionIsRoundedChannelByChannel) {
  std::vector<float> weights(400);
  RandomStream(1).FillNormal(0, 1, weights);
  for (int i = 0; i < 100; ++i) weights[i] *= 1e-3f;
  const ByteWeights bytes = BytesOfValues(weights, kOutputs);
  EXPECT_LE(ErrorOf(bytes, weights), 1.0 / 254 + 1e-6);
  EXPECT_NEAR(bytes.error, ErrorOf(bytes, weights), 1e-6);
}

TEST(ByteWeightsTest, TernaryAndPowersOfTwoAreExact) {
  for (const std::vector<float>& codebook :
       {std::vector<float>{0, 0.3f, -0.3f},
        {0.7f, -0.7f},
        {0, 0.5f, 0.25f, 0.125f, -0.5f, -0.25f, -0.125f},
        {-1, -1.0f / 3, 1.0f / 3, 1}}) {
    const CodedWeights coded = {
        .codes = RandomCodes(400, static_cast<int64_t>(codebook.size())),
        .codebook = codebook,
        .bits = 3};
    const ByteWeights bytes = BytesOfCodes(coded, kOutputs);
    EXPECT_LT(bytes.error, 1e-6);
    EXPECT_LT(ErrorOf(bytes, Values(coded)), 1e-6);
  }
}

TEST(ByteWeightsTest, ChannelScalesCarryOver) {
  const CodedWeights coded = {.codes = RandomCodes(400, 2),
                              .codebook = {1, -1},
                              .bits = 1,
                              .channel_scales = {0.1f, 2, 3, 0.4f}};
  EXPECT_LT(ErrorOf(BytesOfCodes(coded, kOutputs), Values(coded)), 1e-6);
}

TEST(ByteWeightsTest, TwoScalesOfTtqAreWithinTheBound) {
  const CodedWeights coded = {.codes = RandomCodes(400, 3),
                              .codebook = {0, 1.2345f, -0.777f},
                              .bits = 2};
  const ByteWeights bytes = BytesOfCodes(coded, kOutputs);
  EXPECT_LE(ErrorOf(bytes, Values(coded)), 1.0 / 254 + 1e-6);
}

// 128 is no signed byte: a channel that has it with one sign is exact all the
// same, and one that has both says how far off it is.
TEST(ByteWeightsTest, FiveBitsOfInqAreExactUnlessAChannelHasBothExtremes) {
  CodedWeights coded = {
      .codes = {0, 1, 2, 2, 0, 3, 2, 2, 1, 2, 3, 0, 2, 1, 2, 0},
      .codebook = {0, 128, 1, -128},
      .bits = 5};
  coded.codes[10] = 0;
  const ByteWeights exact = BytesOfCodes(coded, kOutputs);
  EXPECT_EQ(exact.error, 0);
  EXPECT_EQ(ErrorOf(exact, Values(coded)), 0);
  coded.codes[10] = 3;
  const ByteWeights off = BytesOfCodes(coded, kOutputs);
  EXPECT_NEAR(off.error, 1.0 / 128, 1e-9);
}

}  // namespace
}  // namespace tritlab
