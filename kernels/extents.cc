#include "kernels/extents.h"

#include "absl/strings/str_cat.h"

namespace tritlab {
namespace {

constexpr int64_t kExtentLimit = int64_t{1} << 31;
constexpr int64_t kSizeLimit = int64_t{1} << 40;

}  // namespace

absl::Status CheckExtents(absl::string_view operator_name,
                          std::initializer_list<Extent> extents) {
  for (const Extent& extent : extents) {
    if (extent.value < extent.at_least || extent.value >= kExtentLimit) {
      return absl::InvalidArgumentError(absl::StrCat(
          operator_name, ": ", extent.name, " is ", extent.value,
          "; it must be at least ", extent.at_least, " and below 2^31"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckActivation(absl::string_view operator_name,
                             absl::string_view activation, const Shape& shape) {
  int64_t size = 1;
  for (const Extent& extent :
       {Extent{"batch", shape.batch}, Extent{"height", shape.height},
        Extent{"width", shape.width}, Extent{"channels", shape.channels}}) {
    if (extent.value < 1 || extent.value >= kExtentLimit) {
      return absl::InvalidArgumentError(absl::StrCat(
          operator_name, ": ", activation, ".", extent.name, " is ",
          extent.value, "; it must be at least 1 and below 2^31"));
    }
    // Never overflows: both factors stay below their limits.
    if (size > kSizeLimit / extent.value) {
      return absl::InvalidArgumentError(
          absl::StrCat(operator_name, ": ", activation, " ", ToString(shape),
                       " has more than 2^40 elements; make it smaller"));
    }
    size *= extent.value;
  }
  return absl::OkStatus();
}

absl::Status CheckWindow(absl::string_view operator_name,
                         absl::string_view axis, int64_t extent, int64_t window,
                         int64_t padding) {
  if (window > extent + 2 * padding) {
    return absl::InvalidArgumentError(absl::StrCat(
        operator_name, ": a window of ", axis, " ", window,
        " does not fit into ", extent, " pixels with padding ", padding,
        "; make the window smaller or the padding larger"));
  }
  return absl::OkStatus();
}

}  // namespace tritlab
