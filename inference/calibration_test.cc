#include "inference/calibration.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

std::vector<float> Normal(int64_t count) {
  std::vector<float> values(count);
  RandomStream(1).FillNormal(0, 2, values);
  return values;
}

TEST(CalibrationTest, TheLargestIsExactWhateverTheBins) {
  ActivationHistogram histogram;
  histogram.Add(std::vector<float>{0, 0.001f, -1234.5f, 7});
  EXPECT_EQ(histogram.Clip(ClipMethod::kLargest, true), 1234.5f);
  EXPECT_TRUE(histogram.has_negative());
}

TEST(CalibrationTest, ThePercentileLeavesOutliersOut) {
  ActivationHistogram histogram;
  std::vector<float> values(100000, 1.0f);
  values.push_back(1000);
  histogram.Add(values);
  EXPECT_NEAR(histogram.Clip(ClipMethod::kPercentile, false), 1, 0.6);
  EXPECT_FALSE(histogram.has_negative());
}

// Against the error itself, counted value by value.
TEST(CalibrationTest, SquaresFindsTheClipOfLeastError) {
  const std::vector<float> values = Normal(20000);
  ActivationHistogram histogram;
  histogram.Add(values);
  const auto error = [&](double clip) {
    double sum = 0;
    for (const float value : values) {
      const double step = clip / 127;
      const double rounded =
          std::round(std::clamp<double>(value, -clip, clip) / step) * step;
      sum += (value - rounded) * (value - rounded);
    }
    return sum;
  };
  const double found = error(histogram.Clip(ClipMethod::kSquares, true));
  const double largest = histogram.Clip(ClipMethod::kLargest, true);
  for (const double share : {0.3, 0.5, 0.7, 0.9, 1.0})
    EXPECT_LE(found, 1.05 * error(share * largest)) << share;
}

// Protects: the zeros behind a ReLU, which every step holds exactly, do not
// cut off what is large.
TEST(CalibrationTest, ZerosHaveNoError) {
  std::vector<float> values(1000000, 0.0f);
  for (int i = 0; i < 10; ++i) values[i] = 8;
  ActivationHistogram histogram;
  histogram.Add(values);
  EXPECT_EQ(histogram.Clip(ClipMethod::kSquares, false), 8);
}

TEST(CalibrationTest, ZerosAndNothing) {
  ActivationHistogram histogram;
  EXPECT_EQ(histogram.Clip(ClipMethod::kLargest, false), 0);
  histogram.Add(std::vector<float>{0, 0, NAN});
  for (const auto method :
       {ClipMethod::kLargest, ClipMethod::kPercentile, ClipMethod::kSquares})
    EXPECT_GT(histogram.Clip(method, false), 0);
}

}  // namespace
}  // namespace tritlab
