#include "quant/inq.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "quant/layers_for_tests.h"
#include "quant/statistics.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

InqSpec Spec(int bits, std::vector<float> portions) {
  InqSpec spec;
  spec.set_bits(bits);
  for (const float portion : portions) spec.add_portions(portion);
  return spec;
}

std::unique_ptr<InqQuantizer> Make(const InqSpec& spec, uint64_t seed = 1) {
  return *InqQuantizer::Create(spec, {.seed = seed});
}

std::string ErrorOf(const InqSpec& spec) {
  return std::string(InqQuantizer::Create(spec, {}).status().message());
}

double FrozenShare(const InqQuantizer& quantizer) {
  const auto frozen = quantizer.frozen();
  return std::accumulate(frozen.begin(), frozen.end(), 0.0) / frozen.size();
}

TEST(InqTest, EachStageFreezesItsPortionAtPowersOfTwoAndLeavesTheRest) {
  const std::vector<float> portions = {0.5f, 0.75f, 0.875f, 1};
  auto quantizer = Make(Spec(5, portions));
  const std::vector<float> start = RandomWeights(1000, 1);
  const PowerOfTwoLevels levels(LargestMagnitude(start), 5);
  std::vector<float> latent = start;
  ASSERT_TRUE(quantizer->Initialize(latent).ok());
  ASSERT_EQ(quantizer->stages(), 4);
  for (int stage = 0; stage < 4; ++stage) {
    ASSERT_TRUE(quantizer->BeginStage(stage, latent).ok());
    EXPECT_EQ(FrozenShare(*quantizer), portions[stage]);
    std::vector<float> computed(latent.size());
    quantizer->Quantize(latent, computed);
    EXPECT_EQ(computed, latent);
    for (size_t i = 0; i < latent.size(); ++i) {
      const bool frozen = quantizer->frozen()[i] != 0;
      EXPECT_EQ(latent[i], frozen ? levels.Round(start[i]) : start[i]);
    }
  }
}

// The last stage freezes everything, also when re-training has moved weights
// beyond the levels of the start.
TEST(InqTest, AfterTheLastStageEveryWeightIsZeroOrAPowerOfTwo) {
  for (const int bits : {2, 3, 4, 5}) {
    auto quantizer = Make(Spec(bits, {0.3f, 0.6f, 1}));
    std::vector<float> latent = RandomWeights(999, 4);
    ASSERT_TRUE(quantizer->Initialize(latent).ok());
    for (int stage = 0; stage < 3; ++stage) {
      for (size_t i = 0; i < latent.size(); ++i)
        if (quantizer->frozen()[i] == 0) latent[i] *= 1.7f;
      ASSERT_TRUE(quantizer->BeginStage(stage, latent).ok());
    }
    const auto coded = quantizer->Encode(latent);
    for (size_t i = 0; i < latent.size(); ++i)
      ASSERT_EQ(coded->value(i), latent[i]);
  }
}

// What inq.h says of the paper's choosing the levels anew in each iteration:
// with the largest first it would change nothing.
TEST(InqTest, LevelsChosenAnewWouldBeTheSame) {
  for (const int bits : {2, 3, 4, 5}) {
    for (uint64_t layer = 0; layer < 20; ++layer) {
      auto quantizer = Make(Spec(bits, {0.25f, 0.5f, 1}));
      std::vector<float> latent =
          RandomWeights(200, layer, 0.1f + 0.01f * static_cast<float>(layer));
      const PowerOfTwoLevels levels(LargestMagnitude(latent), bits);
      ASSERT_TRUE(quantizer->Initialize(latent).ok());
      for (int stage = 0; stage < 3; ++stage) {
        ASSERT_TRUE(quantizer->BeginStage(stage, latent).ok());
        const PowerOfTwoLevels anew(LargestMagnitude(latent), bits);
        EXPECT_EQ(anew.largest_exponent(), levels.largest_exponent());
        EXPECT_EQ(anew.smallest_exponent(), levels.smallest_exponent());
      }
    }
  }
}

TEST(InqTest, PartitionsTakeTheLargestTheSmallestOrAny) {
  const std::vector<float> start = RandomWeights(1000, 2);
  const auto frozen_after_first = [&](InqSpec::Partition partition,
                                      uint64_t seed) {
    InqSpec spec = Spec(5, {0.4f, 1});
    spec.set_partition(partition);
    auto quantizer = Make(spec, seed);
    std::vector<float> latent = start;
    EXPECT_TRUE(quantizer->Initialize(latent).ok());
    EXPECT_TRUE(quantizer->BeginStage(0, latent).ok());
    return std::vector<float>(quantizer->frozen().begin(),
                              quantizer->frozen().end());
  };
  const float median = MagnitudeOfRank(start, 600);
  const auto largest = frozen_after_first(InqSpec::LARGEST_FIRST, 1);
  for (size_t i = 0; i < start.size(); ++i)
    EXPECT_EQ(largest[i] != 0, std::abs(start[i]) > median);
  EXPECT_EQ(frozen_after_first(InqSpec::PARTITION_UNSPECIFIED, 1), largest);

  const float low = MagnitudeOfRank(start, 400);
  const auto smallest = frozen_after_first(InqSpec::SMALLEST_FIRST, 1);
  for (size_t i = 0; i < start.size(); ++i)
    EXPECT_EQ(smallest[i] != 0, std::abs(start[i]) <= low);

  const auto random = frozen_after_first(InqSpec::RANDOM, 1);
  EXPECT_EQ(frozen_after_first(InqSpec::RANDOM, 1), random);
  EXPECT_NE(frozen_after_first(InqSpec::RANDOM, 2), random);
  // Neither the largest nor the smallest, but some of both.
  double agree = 0;
  for (size_t i = 0; i < start.size(); ++i)
    agree += random[i] != 0 && largest[i] != 0;
  EXPECT_NEAR(agree, 160, 40);
}

TEST(InqTest, PrunedWeightsStayZeroAndPortionsCountTheOthers) {
  InqSpec spec = Spec(5, {0.5f, 1});
  spec.set_keep_zeros(true);
  auto quantizer = Make(spec);
  std::vector<float> latent = AdversarialLayers()["random with zeros"];
  ASSERT_TRUE(quantizer->Initialize(latent).ok());
  EXPECT_EQ(FrozenShare(*quantizer), 0.334);
  ASSERT_TRUE(quantizer->BeginStage(0, latent).ok());
  EXPECT_EQ(FrozenShare(*quantizer), 0.334 + 0.333);
  for (size_t i = 0; i < latent.size(); i += 3) EXPECT_EQ(latent[i], 0);
}

TEST(InqTest, BeforeTheFirstStageAllWeightsAreRoundedAtOnce) {
  auto quantizer = Make(Spec(3, {0.5f, 1}));
  const std::vector<float> latent = RandomWeights(100, 5);
  ASSERT_TRUE(quantizer->Initialize(latent).ok());
  std::vector<float> computed(latent.size());
  quantizer->Quantize(latent, computed);
  const PowerOfTwoLevels levels(LargestMagnitude(latent), 3);
  for (size_t i = 0; i < latent.size(); ++i)
    EXPECT_EQ(computed[i], levels.Round(latent[i]));
}

// A checkpoint restores what Initialize would get wrong from later weights.
TEST(InqTest, StateContinuesInAnotherObject) {
  auto quantizer = Make(Spec(4, {0.5f, 0.8f, 1}));
  std::vector<float> latent = RandomWeights(500, 6);
  ASSERT_TRUE(quantizer->Initialize(latent).ok());
  ASSERT_TRUE(quantizer->BeginStage(0, latent).ok());
  for (size_t i = 0; i < latent.size(); ++i)
    if (quantizer->frozen()[i] == 0) latent[i] *= 3;  // a larger maximum

  auto continued = Make(Spec(4, {0.5f, 0.8f, 1}));
  ASSERT_TRUE(continued->Initialize(latent).ok());
  auto from = quantizer->state(), to = continued->state();
  ASSERT_EQ(from.size(), to.size());
  for (size_t i = 0; i < from.size(); ++i) {
    ASSERT_EQ(from[i].name, to[i].name);
    std::copy(from[i].values.begin(), from[i].values.end(),
              to[i].values.begin());
  }
  std::vector<float> other = latent;
  ASSERT_TRUE(quantizer->BeginStage(1, latent).ok());
  ASSERT_TRUE(continued->BeginStage(1, other).ok());
  EXPECT_EQ(other, latent);
  EXPECT_TRUE(std::equal(continued->frozen().begin(), continued->frozen().end(),
                         quantizer->frozen().begin()));
}

TEST(InqTest, ImpossibleSettingsAreNamed) {
  EXPECT_THAT(ErrorOf(Spec(1, {1})), HasSubstr("inq.bits is 1"));
  EXPECT_THAT(ErrorOf(Spec(5, {})), HasSubstr("inq.portions is empty"));
  EXPECT_THAT(ErrorOf(Spec(5, {0.5f, 0.5f, 1})), HasSubstr("0.5 behind 0.5"));
  EXPECT_THAT(ErrorOf(Spec(5, {0.5f, 0.9f})), HasSubstr("ends at 0.9"));
  EXPECT_THAT(ErrorOf(Spec(5, {0.5f, 1.1f})), HasSubstr("1.1 behind 0.5"));
  EXPECT_THAT(ErrorOf(Spec(5, {std::nanf(""), 1})), HasSubstr("ascend"));
}

}  // namespace
}  // namespace tritlab
