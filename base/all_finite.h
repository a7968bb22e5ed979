// Whether numbers are numbers.
#ifndef TRITLAB_BASE_ALL_FINITE_H_
#define TRITLAB_BASE_ALL_FINITE_H_

#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <type_traits>

namespace tritlab {

// values: a contiguous range of float or double.
template <typename Values>
bool AllFinite(const Values& values) {
  const auto* const data = std::data(values);
  using Value = std::remove_cvref_t<decltype(*data)>;
  constexpr Value kLargest = std::numeric_limits<Value>::max();
  const auto count = static_cast<int64_t>(std::size(values));
  bool finite = true;
  // Without a way out, so that vector instructions can do it.
#pragma omp simd reduction(& : finite)
  for (int64_t i = 0; i < count; ++i)
    finite &= std::abs(data[i]) <= kLargest;  // NaN is not
  return finite;
}

}  // namespace tritlab

#endif  // TRITLAB_BASE_ALL_FINITE_H_
