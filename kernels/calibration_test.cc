#include "kernels/calibration.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

// Protects: it does the work that its figure counts.
TEST(CalibrationProduct, IsAProduct) {
  constexpr int kSize = internal::kCalibrationSize;
  std::vector<float> a(kSize * kSize), b(kSize * kSize), c(kSize * kSize, 2.0f);
  for (int i = 0; i < kSize * kSize; ++i) {
    a[i] = static_cast<float>(i % 7 - 3);
    b[i] = static_cast<float>(i % 5 - 2);
  }
  internal::CalibrationProduct(a.data(), b.data(), c.data());
  for (int row = 0; row < kSize; ++row) {
    for (int column = 0; column < kSize; ++column) {
      float sum = 2;
      for (int k = 0; k < kSize; ++k)
        sum += a[row * kSize + k] * b[k * kSize + column];
      ASSERT_EQ(c[row * kSize + column], sum) << row << " " << column;
    }
  }
}

// It ends, even where it is given no time, and gives a speed to divide by.
TEST(CalibrationSpeed, IsPositive) {
  const double speed = CalibrationSpeed(0);
  EXPECT_GT(speed, 0);
  EXPECT_TRUE(std::isfinite(speed));
}

}  // namespace
}  // namespace tritlab
