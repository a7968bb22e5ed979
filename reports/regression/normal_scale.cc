#include "reports/regression/normal_scale.h"

#include <cmath>

namespace tritlab {

double OnNormalScale(const TrackedNumber& number, double value) {
  const double half = number.resolution() / 2;
  switch (number.normal_scale()) {
    case TrackedNumber::LOG_ODDS:
      return std::log(value + half) - std::log(100 - value + half);
    case TrackedNumber::LOGARITHM:
      return std::log(value);
    default:
      return value;
  }
}

std::vector<double> OnNormalScale(const TrackedNumber& number,
                                  const std::vector<double>& values) {
  std::vector<double> scaled;
  scaled.reserve(values.size());
  for (const double value : values)
    scaled.push_back(OnNormalScale(number, value));
  return scaled;
}

double FromNormalScale(const TrackedNumber& number, double value) {
  switch (number.normal_scale()) {
    case TrackedNumber::LOG_ODDS:
      return (100 + number.resolution()) / (1 + std::exp(-value)) -
             number.resolution() / 2;
    case TrackedNumber::LOGARITHM:
      return std::exp(value);
    default:
      return value;
  }
}

}  // namespace tritlab
