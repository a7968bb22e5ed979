#include "training/view_average.h"

#include <cmath>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

TEST(ViewAverageTest, IsTheMeanOfProbabilities) {
  ViewAverage average(2);
  for (int round = 0; round < 2; ++round) {
    // Probabilities 3/4 and 1/4; then 1/5 and 4/5, of logits that are large.
    const float first[] = {std::log(3.0f), 0, 0, 0};
    const float second[] = {100, 100 + std::log(4.0f), 0, 0};
    average.Add(DataType::kF32, first, 2);
    average.Add(DataType::kF32, second, 2);
    const float* const logits = average.TakeLogits();
    EXPECT_NEAR(std::exp(logits[0]), (0.75 + 0.2) / 2, 1e-5);
    EXPECT_NEAR(std::exp(logits[1]), (0.25 + 0.8) / 2, 1e-5);
    EXPECT_NEAR(std::exp(logits[2]), 0.5, 1e-6);
  }
}

TEST(ViewAverageTest, ProbabilitiesOfNothingStayFinite) {
  ViewAverage average(2);
  const float logits[] = {1000, -1000};
  average.Add(DataType::kF32, logits, 1);
  EXPECT_TRUE(std::isfinite(average.TakeLogits()[1]));
}

}  // namespace
}  // namespace tritlab
