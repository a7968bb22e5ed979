#include "reports/runs/sample.h"

#include <vector>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

// Protects: what is called a spread over seeds everywhere is over n - 1.
TEST(SampleTest, MeanAndDeviationByHand) {
  const std::vector<double> values = {2, 4, 9};
  EXPECT_DOUBLE_EQ(Mean(values), 5);
  // (9 + 1 + 16) / 2
  EXPECT_DOUBLE_EQ(*Deviation(values) * *Deviation(values), 13);
}

TEST(SampleTest, OneValueHasNoSpread) {
  const std::vector<double> one = {7};
  EXPECT_DOUBLE_EQ(Mean(one), 7);
  EXPECT_FALSE(Deviation(one).has_value());
  EXPECT_FALSE(Deviation({}).has_value());
  const std::vector<double> equal = {7, 7};
  EXPECT_EQ(Deviation(equal), 0);
}

}  // namespace
}  // namespace tritlab
