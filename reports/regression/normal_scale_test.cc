#include "reports/regression/normal_scale.h"

#include <cmath>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

TrackedNumber On(TrackedNumber::NormalScale scale, double resolution) {
  TrackedNumber number;
  number.set_normal_scale(scale);
  number.set_resolution(resolution);
  return number;
}

// Protects: the formulas of the header.
TEST(NormalScale, IsTheOneThatTheNumberSays) {
  // 970 of 1,000 images.
  EXPECT_DOUBLE_EQ(OnNormalScale(On(TrackedNumber::LOG_ODDS, 0.1), 97),
                   std::log(970.5 / 30.5));
  EXPECT_DOUBLE_EQ(OnNormalScale(On(TrackedNumber::LOGARITHM, 0), 0.25),
                   std::log(0.25));
  EXPECT_DOUBLE_EQ(OnNormalScale(On(TrackedNumber::LINEAR, 0.1), 97), 97);
}

// Protects: all of the test set, or none of it, is a place like any other.
TEST(NormalScale, HasBothEndsOfPercent) {
  const TrackedNumber number = On(TrackedNumber::LOG_ODDS, 0.1);
  EXPECT_DOUBLE_EQ(OnNormalScale(number, 100), std::log(2001.0));
  EXPECT_DOUBLE_EQ(OnNormalScale(number, 0), -std::log(2001.0));
}

// Protects: means are shown where they were taken from.
TEST(NormalScale, IsInvertible) {
  for (const auto scale : {TrackedNumber::LINEAR, TrackedNumber::LOGARITHM,
                           TrackedNumber::LOG_ODDS}) {
    for (const double resolution : {0.0, 0.1, 5.0}) {
      const TrackedNumber number = On(scale, resolution);
      for (const double value : {1e-3, 0.5, 50.0, 93.1, 99.9}) {
        EXPECT_NEAR(FromNormalScale(number, OnNormalScale(number, value)),
                    value, 1e-11)
            << scale << " " << resolution;
      }
    }
  }
}

}  // namespace
}  // namespace tritlab
