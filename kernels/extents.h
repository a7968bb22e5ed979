// Internal to kernels/: the checks that every operator's shape shares.
#ifndef TRITLAB_KERNELS_EXTENTS_H_
#define TRITLAB_KERNELS_EXTENTS_H_

#include <cstdint>
#include <initializer_list>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kernels/tensor.h"

namespace tritlab {

// One number of a shape, as messages call it, and the least that it may be.
struct Extent {
  const char* name;
  int64_t value;
  int64_t at_least = 1;
};

// InvalidArgument, naming the operator and the first extent that is below its
// least value or not below 2^31.
absl::Status CheckExtents(absl::string_view operator_name,
                          std::initializer_list<Extent> extents);

// The same for the four extents of an activation, and that it has fewer than
// 2^40 elements, so that no size in bytes overflows.
absl::Status CheckActivation(absl::string_view operator_name,
                             absl::string_view activation, const Shape& shape);

// InvalidArgument when a window does not fit into `extent` pixels with
// `padding` more at both ends. `axis` is "height" or "width".
absl::Status CheckWindow(absl::string_view operator_name,
                         absl::string_view axis, int64_t extent, int64_t window,
                         int64_t padding);

// How many positions a window has, rounded down.
inline int64_t WindowPositions(int64_t extent, int64_t window, int64_t stride,
                               int64_t padding) {
  return (extent + 2 * padding - window) / stride + 1;
}

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_EXTENTS_H_
