#include "inference/byte_weights.h"

#include <cmath>
#include <set>
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

float ValueOf(const ByteWeights& bytes, size_t i, size_t channel) {
  const float value =
      static_cast<float>(bytes.values[i]) * bytes.scales[channel];
  if (bytes.more_values.empty()) return value;
  return value +
         static_cast<float>(bytes.more_values[i]) * bytes.more_scales[channel];
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
                                   ValueOf(bytes, i, channel)));
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
  EXPECT_LE(ErrorOf(bytes, weights), kMostRounding + 1e-6);
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
  EXPECT_LE(ErrorOf(bytes, Values(coded)), kMostRounding + 1e-6);
}

// Protects: a layer of TTQ stands for the same weights whether its bytes are
// products of their own or a ternary product with two scales. Values that have
// a common measure stay as they are.
TEST(ByteWeightsTest, RoundedScalesOfTtqAreExactAsBytes) {
  const CodedWeights coded = {.codes = RandomCodes(400, 3),
                              .codebook = {0, 1.2345f, -0.777f},
                              .bits = 2};
  CodedWeights rounded = coded;
  const double error = RoundToCommonMeasure(rounded, kOutputs).value();
  EXPECT_GT(error, 0);
  EXPECT_LE(error, kMostRounding);
  for (size_t i = 0; i < coded.codebook.size(); ++i)
    EXPECT_NEAR(rounded.codebook[i], coded.codebook[i], error * 1.2345 + 1e-7);
  const ByteWeights bytes = BytesOfCodes(rounded, kOutputs);
  EXPECT_LT(bytes.error, 1e-6);
  EXPECT_LT(ErrorOf(bytes, Values(rounded)), 1e-6);
  for (const std::vector<float>& codebook :
       {std::vector<float>{0, 0.3f, -0.3f},
        {0.7f, -0.7f},
        {0, -0.7f},
        {0, 0.5f, 0.25f, 0.125f, -0.5f, -0.25f, -0.125f},
        {-1, -0.4f, 0.3f, 1}}) {
    CodedWeights left = {
        .codes = RandomCodes(400, static_cast<int64_t>(codebook.size())),
        .codebook = codebook};
    EXPECT_EQ(RoundToCommonMeasure(left, kOutputs), 0);
    EXPECT_EQ(left.codebook, codebook);
  }
}

// Protects: a value that no weight has (a side of TTQ's without weights) says
// nothing about the others, and neither does the other value about a channel
// that holds one of the two alone.
TEST(ByteWeightsTest, ValuesAreRoundedWhereTheyOccur) {
  CodedWeights coded = {
      .codes = RandomCodes(400, 2), .codebook = {0, 0.005f, -1}, .bits = 2};
  const std::vector<float> as_it_was = coded.codebook;
  EXPECT_EQ(RoundToCommonMeasure(coded, kOutputs), 0);
  EXPECT_EQ(coded.codebook, as_it_was);
  // Both occur, the small one alone in the first channel: 0.005 is 0.6 of 127
  // steps of the large one.
  for (int i = 100; i < 400; ++i) coded.codes[i] = static_cast<uint8_t>(i % 3);
  EXPECT_FALSE(RoundToCommonMeasure(coded, kOutputs).has_value());
  EXPECT_EQ(coded.codebook, as_it_was);
  const ByteWeights bytes = BytesOfCodes(coded, kOutputs);
  EXPECT_LE(bytes.error, kMostRounding);
  EXPECT_LE(ErrorOf(bytes, Values(coded)), kMostRounding);
  // Where it is near enough, the error is a share of that channel's largest.
  coded.codebook = {0, 0.5003f, -1};
  const double error = RoundToCommonMeasure(coded, kOutputs).value();
  EXPECT_GT(error, 0);
  EXPECT_NEAR(error, std::abs(coded.codebook[1] - 0.5003f) / 0.5003f, 1e-6);
}

// Protects: weights whose 127th part is no normal number are bytes, not NaN.
TEST(ByteWeightsTest, WeightsNextToNothingAreFinite) {
  const CodedWeights coded = {.codes = RandomCodes(400, 3),
                              .codebook = {0, 1e-43f, -2.7e-43f},
                              .bits = 2};
  for (const ByteWeights& bytes : {BytesOfCodes(coded, kOutputs),
                                   BytesOfValues(Values(coded), kOutputs)}) {
    EXPECT_LE(bytes.error, 1);
    for (const float scale : bytes.scales) EXPECT_TRUE(std::isnormal(scale));
  }
}

// Protects: two scales of TTQ are held by the fraction that suits them, not by
// 127 and what is left.
TEST(ByteWeightsTest, TwoScalesOfTtqAreMostlyMuchNearer) {
  double sum = 0;
  constexpr int kRatios = 200;
  for (int i = 0; i < kRatios; ++i) {
    const float ratio = 0.3f + 0.7f * (static_cast<float>(i) + 0.5f) / kRatios;
    const CodedWeights coded = {.codes = RandomCodes(400, 3),
                                .codebook = {0, 2, -2 * ratio},
                                .bits = 2};
    const ByteWeights bytes = BytesOfCodes(coded, kOutputs);
    EXPECT_LE(bytes.error, kMostRounding + 1e-6) << ratio;
    EXPECT_NEAR(ErrorOf(bytes, Values(coded)), bytes.error, 1e-6) << ratio;
    sum += bytes.error;
  }
  EXPECT_LT(sum / kRatios, 0.1 * kMostRounding);
}

// Protects: biases of channels with few small bytes are as finely held as
// others': the program and an export round them alike.
TEST(ByteWeightsTest, BiasStepsFollowFromTheLargestByte) {
  CodedWeights coded = {
      .codes = {0, 1, 2, 1, 0, 3, 0, 4, 0, 0, 0, 0, 1, 1, 5, 6},
      .codebook = {0, 0.5f, -0.5f, 20, -1, 32, 0.25f},
      .bits = 3,
      .channel_scales = {1, 3, 1, -2}};
  const std::vector<BiasStep> steps = BiasSteps(coded, kOutputs);
  EXPECT_FLOAT_EQ(steps[0].Of(1, 1), 0.5f / 64);     // 1 times 0.5
  EXPECT_FLOAT_EQ(steps[1].Of(1, 1), 3 * 1.0f / 3);  // 20 times 1
  EXPECT_EQ(steps[2].Of(1, 1), 0);                   // zeros alone
  EXPECT_FLOAT_EQ(steps[3].Of(1, 1), 2 * 0.25f);     // 128 times 0.25
  EXPECT_FLOAT_EQ(steps[3].Of(0.1f, -3), 2 * 0.075f);
  const std::vector<BiasStep> of_values =
      BiasSteps(std::vector<float>{-254, 3, 0, 0}, 2);
  EXPECT_EQ(of_values[0].Of(1, 1), 2);
  EXPECT_EQ(of_values[1].Of(1, 1), 0);
  EXPECT_EQ(Headroom(128), 1);
  EXPECT_EQ(Headroom(0), 64);
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
  // Of two 128 and one -128 it is the latter that is clipped.
  coded.codes = {1, 1, 2, 3, 0, 3, 2, 2, 1, 2, 3, 0, 2, 1, 2, 0};
  const ByteWeights rarer = BytesOfCodes(coded, kOutputs);
  EXPECT_EQ(rarer.values[0] * rarer.scales[0], 128);
  EXPECT_EQ(rarer.values[3] * rarer.scales[0], -127);
}

// What one product would clip is seen, channel by channel; neither TTQ nor a
// layer whose ends lie in different channels pays for it.
TEST(ByteWeightsTest, TwoProductsAreNeededWhereAChannelHasBothExtremes) {
  CodedWeights inq = {.codes = {1, 1, 2, 0, 3, 3, 2, 0, 1, 0, 0, 3, 0, 0, 0, 0},
                      .codebook = {0, 128, 1, -128},
                      .bits = 5};
  // The third channel's smallest is 128 itself.
  EXPECT_FALSE(NeedsTwoProducts(inq, kOutputs));
  EXPECT_TRUE(MayNeedTwoProducts(inq.codebook));
  inq.codes[0] = 3;
  EXPECT_TRUE(NeedsTwoProducts(inq, kOutputs));
  EXPECT_EQ(ExactBytesOfCodes(inq, kOutputs).error, 0);
  const CodedWeights ttq = {
      .codes = RandomCodes(400, 3), .codebook = {0, 1.28f, -0.01f}, .bits = 2};
  EXPECT_FALSE(NeedsTwoProducts(ttq, kOutputs));
  EXPECT_FALSE(MayNeedTwoProducts({}));
}

// What one product cannot hold, two do: TTQ's two scales, a channel's scale
// beside them, and +128 with -128 and 1.
TEST(ByteWeightsTest, TwoProductsAreExact) {
  CodedWeights ttq = {.codes = RandomCodes(400, 3),
                      .codebook = {0, 1.2345f, -0.777f},
                      .bits = 2,
                      .channel_scales = {1, 0.3f, 2, 0.7f}};
  // A channel with one sign, and one without any.
  for (int i = 0; i < 100; ++i) ttq.codes[i] = i % 2;
  for (int i = 100; i < 200; ++i) ttq.codes[i] = 0;
  const ByteWeights of_ttq = ExactBytesOfCodes(ttq, kOutputs);
  EXPECT_EQ(of_ttq.error, 0);
  EXPECT_LT(ErrorOf(of_ttq, Values(ttq)), 1e-7);
  const CodedWeights inq = {
      .codes = {1, 2, 3, 0, 1, 1, 1, 2, 3, 3, 3, 2, 0, 0, 0, 1},
      .codebook = {0, 128, 1, -128},
      .bits = 5};
  EXPECT_GT(BytesOfCodes(inq, kOutputs).error, 0);
  const ByteWeights of_inq = ExactBytesOfCodes(inq, kOutputs);
  EXPECT_EQ(of_inq.error, 0);
  EXPECT_EQ(ErrorOf(of_inq, Values(inq)), 0);
  // Where one product is exact there is no second.
  EXPECT_TRUE(
      ExactBytesOfCodes(
          {.codes = RandomCodes(400, 2), .codebook = {0.5f, -0.5f}, .bits = 1},
          kOutputs)
          .more_values.empty());
}

// Protects: what a program computes with is what an export can hold, with one
// scale a channel, where INQ has more levels than a byte spans: the channels
// that 128 steps hold are exact, whatever the others are.
TEST(ByteWeightsTest, UnclippedProductsHaveOneScale) {
  const CodedWeights inq = {
      .codes = {1, 2, 3, 0, 4, 2, 0, 3, 1, 5, 0, 0, 4, 5, 2, 3},
      .codebook = {0, 128, 1, -128, 256, -1},
      .bits = 6};
  ASSERT_TRUE(NeedsTwoProducts(inq, kOutputs));
  const ByteWeights bytes = UnclippedBytesOfCodes(inq, kOutputs);
  EXPECT_EQ(bytes.scales, bytes.more_scales);
  EXPECT_NEAR(bytes.error, ErrorOf(bytes, Values(inq)), 1e-7);
  EXPECT_LE(bytes.error, kMostRounding);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(ValueOf(bytes, i, 0), inq.value(i));
  for (size_t i = 8; i < 12; ++i) EXPECT_EQ(ValueOf(bytes, i, 2), inq.value(i));
}

// Bytes of at most 16 values lie in memory at 4 bits: all that INQ's powers of
// two with 5 bits become, with a second product or without.
TEST(ByteWeightsTest, FiveBitsOfInqAreAtMostSixteenBytes) {
  CodedWeights inq = {
      .codes = RandomCodes(4000, 17), .codebook = {0}, .bits = 5};
  for (const float sign : {1.0f, -1.0f})
    for (int exponent = 0; exponent < 8; ++exponent)
      inq.codebook.push_back(sign * std::ldexp(0.01f, exponent));
  const auto different = [](const std::vector<int8_t>& values) {
    return std::set<int8_t>(values.begin(), values.end()).size();
  };
  ASSERT_TRUE(NeedsTwoProducts(inq, kOutputs));
  const ByteWeights two = ExactBytesOfCodes(inq, kOutputs);
  EXPECT_EQ(two.error, 0);
  EXPECT_EQ(ErrorOf(two, Values(inq)), 0);
  EXPECT_EQ(different(two.values), 16u);
  EXPECT_EQ(different(two.more_values), 2u);
  // No channel with both ends; one has 128, which is then -128.
  for (size_t i = 0; i < inq.codes.size(); ++i) {
    uint8_t& code = inq.codes[i];
    if (code == (i < 1000 ? 16 : 8)) code = 0;
  }
  ASSERT_FALSE(NeedsTwoProducts(inq, kOutputs));
  const ByteWeights one = BytesOfCodes(inq, kOutputs);
  EXPECT_EQ(one.error, 0);
  EXPECT_EQ(different(one.values), 16u);
}

}  // namespace
}  // namespace tritlab
