#include "reports/regression/student_t.h"

#include <cmath>
#include <numbers>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

// Protects: the quantiles that decide a verdict, against printed tables (t with
// an upper tail of 0.05, 0.005 and 0.001).
TEST(StudentTQuantile, IsThatOfTheTables) {
  struct Line {
    double freedom, t05, t005, t001;
  };
  for (const Line& line :
       {Line{1, 6.314, 63.657, 318.309}, Line{2, 2.920, 9.925, 22.327},
        Line{4, 2.132, 4.604, 7.173}, Line{9, 1.833, 3.250, 4.297},
        Line{19, 1.729, 2.861, 3.579}, Line{120, 1.658, 2.617, 3.160}}) {
    EXPECT_NEAR(StudentTQuantile(0.05, line.freedom), line.t05, 6e-4);
    EXPECT_NEAR(StudentTQuantile(0.005, line.freedom), line.t005, 6e-4);
    EXPECT_NEAR(StudentTQuantile(0.001, line.freedom), line.t001, 6e-4);
  }
}

// One and two degrees of freedom have closed forms, far out as well.
TEST(StudentTTail, IsTheClosedForm) {
  for (const double t : {-3.0, 0.0, 0.1, 1.0, 7.0, 1e3, 1e6}) {
    const double cauchy = std::atan2(1.0, t) / std::numbers::pi;
    EXPECT_NEAR(StudentTTail(t, 1) / cauchy, 1, 1e-10) << t;
    const double root = std::sqrt(2 + t * t);
    // 1/2 - t / (2 root), without the difference that loses digits.
    const double two = t > 0 ? 1 / (root * (root + t)) : 0.5 - t / (2 * root);
    EXPECT_NEAR(StudentTTail(t, 2) / two, 1, 1e-10) << t;
  }
}

// With many degrees of freedom it is the normal distribution.
TEST(StudentTTail, TendsToTheNormalTail) {
  for (const double t : {0.5, 1.0, 3.0, 5.0}) {
    const double normal = std::erfc(t / std::numbers::sqrt2) / 2;
    EXPECT_NEAR(StudentTTail(t, 1e7) / normal, 1, 1e-4) << t;
  }
}

TEST(StudentTQuantile, InvertsTheTail) {
  for (const double freedom : {1.0, 3.0, 19.0, 500.0}) {
    for (const double tail : {1e-7, 1e-3, 0.2, 0.5, 0.9}) {
      EXPECT_NEAR(StudentTTail(StudentTQuantile(tail, freedom), freedom) / tail,
                  1, 1e-9)
          << freedom << " " << tail;
    }
  }
}

}  // namespace
}  // namespace tritlab
