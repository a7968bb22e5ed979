#include "reports/page/number_format.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(NumberFormat, Fixed) {
  EXPECT_EQ(FormatFixed(86.4567, 2), "86.46");
  EXPECT_EQ(FormatFixed(-0.5, 1), "-0.5");
  EXPECT_EQ(FormatFixed(-0.001, 2), "0.00");  // no "-0.00"
  EXPECT_EQ(FormatFixed(3, 0), "3");
}

TEST(NumberFormat, DifferenceShowsItsSign) {
  EXPECT_EQ(FormatDifference(0.3, 2), "+0.30");
  EXPECT_EQ(FormatDifference(-5.35, 2), "-5.35");
  EXPECT_EQ(FormatDifference(0.001, 2), "0.00");
  EXPECT_EQ(FormatDifference(-0.001, 2), "0.00");
}

TEST(NumberFormat, CountIsGrouped) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(1078896), "1,078,896");
  EXPECT_EQ(FormatRounded(1240.6), "1,241");
  EXPECT_EQ(FormatRounded(-1240.6), "-1,241");
}

TEST(NumberFormat, Significant) {
  EXPECT_EQ(FormatSignificant(0.05), "0.05");
  EXPECT_EQ(FormatSignificant(1.27449), "1.274");
  EXPECT_EQ(FormatSignificant(-0.0), "0");
  EXPECT_EQ(FormatMagnitude(40.55e6), "40.5 million");
  EXPECT_EQ(FormatMagnitude(1.8e9), "1.8 billion");
  EXPECT_EQ(FormatMagnitude(1234), "1,234");
}

// Protects: what rounds to a thousand of a unit, or is beyond the largest one,
// is no "1e+03 million".
TEST(NumberFormat, MagnitudeHasNoExponent) {
  EXPECT_EQ(FormatMagnitude(999'999), "999,999");
  EXPECT_EQ(FormatMagnitude(1e6), "1 million");
  EXPECT_EQ(FormatMagnitude(999.4e6), "999 million");
  EXPECT_EQ(FormatMagnitude(999.5e6), "1 billion");
  EXPECT_EQ(FormatMagnitude(-999.7e6), "-1 billion");
  EXPECT_EQ(FormatMagnitude(999.7e9), "1 trillion");
  EXPECT_EQ(FormatMagnitude(999.4e12), "999 trillion");
  EXPECT_EQ(FormatMagnitude(999.7e12), "1,000 trillion");
  EXPECT_EQ(FormatMagnitude(1.67e17), "167,000 trillion");
  EXPECT_EQ(FormatMagnitude(-1.67e17), "-167,000 trillion");
}

// Protects: a run that diverged prints its NaN in every column.
TEST(NumberFormat, WhatIsNoNumberHasAName) {
  EXPECT_EQ(FormatFixed(kNaN, 2), "NaN");
  EXPECT_EQ(FormatDifference(kNaN, 2), "NaN");
  EXPECT_EQ(FormatDifference(kInfinity, 2), "inf");
  EXPECT_EQ(FormatRounded(-kInfinity), "-inf");
  EXPECT_EQ(FormatRounded(1e300), "1e+300");
  EXPECT_EQ(FormatSignificant(-kNaN), "NaN");
  EXPECT_EQ(FormatMagnitude(kNaN), "NaN");
}

}  // namespace
}  // namespace tritlab
