#include "reports/regression/student_t.h"

#include <cassert>
#include <cmath>

namespace tritlab {
namespace {

// The continued fraction of the incomplete beta function (Abramowitz and Stegun
// 26.5.8) by Lentz's method; converges fast for x < (a + 1) / (a + b + 2).
double BetaFraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300, kPrecision = 1e-15;
  constexpr int kMostTerms = 10000;
  const auto away_from_zero = [](double value) {
    return std::abs(value) < kTiny ? kTiny : value;
  };
  double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m < kMostTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    fraction *= d * c;
    const double odd =
        -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    const double factor = d * c;
    fraction *= factor;
    if (std::abs(factor - 1) < kPrecision) break;
  }
  return fraction;
}

// I_x(a, b); `rest` is 1 - x, which may be smaller than what x can say.
double IncompleteBeta(double a, double b, double x, double rest) {
  if (x <= 0) return 0;
  if (rest <= 0) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
               a * std::log(x) + b * std::log(rest));
  if (x < (a + 1) / (a + b + 2)) return front * BetaFraction(a, b, x) / a;
  return 1 - front * BetaFraction(b, a, rest) / b;
}

}  // namespace

double StudentTTail(double t, double freedom) {
  assert(freedom > 0);
  const double sum = freedom + t * t;
  const double half =
      IncompleteBeta(freedom / 2, 0.5, freedom / sum, t * t / sum) / 2;
  return t >= 0 ? half : 1 - half;
}

double StudentTQuantile(double tail, double freedom) {
  assert(tail > 0 && tail < 1);
  if (tail > 0.5) return -StudentTQuantile(1 - tail, freedom);
  double low = 0, high = 1;
  while (StudentTTail(high, freedom) > tail && high < 1e150) high *= 2;
  // Bisection: the tail falls everywhere, and no start is bad.
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle == low || middle == high) break;
    (StudentTTail(middle, freedom) > tail ? low : high) = middle;
  }
  return high;
}

}  // namespace tritlab
