#include "quant/statistics.h"

#include <cmath>
#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(StatisticsTest, OfAFewWeights) {
  const std::vector<float> weights = {0.5f, -2, 0, 1};
  EXPECT_EQ(LargestMagnitude(weights), 2);
  EXPECT_EQ(MeanMagnitude(weights), 0.875);
  EXPECT_EQ(MagnitudeOfRank(weights, 1), 0);
  EXPECT_EQ(MagnitudeOfRank(weights, 3), 1);
  EXPECT_EQ(MagnitudeOfRank(weights, 4), 2);
}

TEST(StatisticsTest, OfNone) {
  EXPECT_EQ(LargestMagnitude({}), 0);
  EXPECT_EQ(MeanMagnitude({}), 0);
}

// Training that has diverged must not look healthy.
TEST(StatisticsTest, WhatIsNoNumberShows) {
  for (const float odd : {kNan, -kNan}) {
    EXPECT_TRUE(std::isnan(LargestMagnitude(std::vector<float>{1, odd, 2})));
    EXPECT_TRUE(std::isnan(MeanMagnitude(std::vector<float>{1, odd, 2})));
  }
  EXPECT_EQ(LargestMagnitude(std::vector<float>{1, -kInfinity}), kInfinity);
}

TEST(StatisticsTest, TheFirstWeightThatIsNotFiniteIsNamed) {
  EXPECT_TRUE(CheckFinite(std::vector<float>{1, -2, 0}).ok());
  EXPECT_THAT(
      std::string(
          CheckFinite(std::vector<float>{1, kNan, kInfinity}).message()),
      testing::HasSubstr("weight 1 of 3 is nan"));
  EXPECT_FALSE(CheckFinite(std::vector<float>{-kInfinity}).ok());
}

}  // namespace
}  // namespace tritlab
