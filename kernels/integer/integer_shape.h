// The extents of a product of u8 activations and integer weights.
#ifndef TRITLAB_KERNELS_INTEGER_INTEGER_SHAPE_H_
#define TRITLAB_KERNELS_INTEGER_INTEGER_SHAPE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "kernels/extents.h"

namespace tritlab {

// output[o] = sum_i input[i] * weights[o][i] in 32 bits: u8 activations of
// [batch][inputs] and weights of [outputs][inputs]; the batch is no part of it.
struct IntegerLinearShape {
  int64_t inputs = 0;
  int64_t outputs = 0;

  // InvalidArgument when an extent is not positive, or sums of inputs * 255 *
  // `largest_weight` do not fit into 32 bits. `largest_weight` is the largest
  // magnitude of a weight, and positive.
  absl::Status Validate(int64_t largest_weight) const {
    absl::Status status = CheckExtents(
        "integer linear", {{"inputs", inputs}, {"outputs", outputs}});
    if (status.ok() && inputs > INT32_MAX / (255 * largest_weight)) {
      status = absl::InvalidArgumentError(
          "integer linear: so many inputs overflow sums of 32 bits");
    }
    return status;
  }
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_INTEGER_SHAPE_H_
