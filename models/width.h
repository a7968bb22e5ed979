// How wide a network is to be: the `width` field that the specs of model.proto
// have.
#ifndef TRITLAB_MODELS_WIDTH_H_
#define TRITLAB_MODELS_WIDTH_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// The width, or `by_default` where it is not set. InvalidArgument, naming
// `model`.width, below `smallest` or above 1024.
inline absl::StatusOr<int64_t> WidthOf(absl::string_view model, int64_t width,
                                       int64_t by_default,
                                       int64_t smallest = 1) {
  if (width == 0) return by_default;
  if (width < smallest || width > 1024) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s.width is %d; it must be %d to 1024", model, width, smallest));
  }
  return width;
}

}  // namespace tritlab

#endif  // TRITLAB_MODELS_WIDTH_H_
