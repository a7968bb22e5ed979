// Whether numbers are numbers.
#ifndef TRITLAB_BASE_ALL_FINITE_H_
#define TRITLAB_BASE_ALL_FINITE_H_

#include <algorithm>
#include <cmath>

namespace tritlab {

// values: a range of float or double.
template <typename Values>
bool AllFinite(const Values& values) {
  return std::all_of(values.begin(), values.end(),
                     [](auto value) { return std::isfinite(value); });
}

}  // namespace tritlab

#endif  // TRITLAB_BASE_ALL_FINITE_H_
