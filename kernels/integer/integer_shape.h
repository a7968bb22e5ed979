// The extents of a product of u8 activations and integer weights, and whether
// its sums fit into 32 bits.
#ifndef TRITLAB_KERNELS_INTEGER_INTEGER_SHAPE_H_
#define TRITLAB_KERNELS_INTEGER_INTEGER_SHAPE_H_

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kernels/extents.h"

namespace tritlab {

// output[o] = sum_i input[i] * weights[o][i] in 32 bits: u8 activations of
// [batch][inputs] and weights of [outputs][inputs]; the batch is no part of it.
struct IntegerLinearShape {
  int64_t inputs = 0;
  int64_t outputs = 0;

  // InvalidArgument when an extent is not positive.
  absl::Status Validate() const {
    return CheckExtents("integer linear",
                        {{"inputs", inputs}, {"outputs", outputs}});
  }
};

// InvalidArgument, beginning with `what`, when an output whose weights'
// magnitudes add up to `magnitudes` may exceed 32 bits.
inline absl::Status CheckSumFits(absl::string_view what, int64_t magnitudes) {
  if (magnitudes <= INT32_MAX / 255) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what,
                   ": so many inputs overflow sums of 32 bits; give the layer "
                   "fewer"));
}

// The same of every output. weights: [outputs][inputs].
template <typename Weight>
absl::Status CheckSumsFit(absl::string_view what,
                          std::span<const Weight> weights, int64_t outputs) {
  const auto inputs = static_cast<int64_t>(weights.size()) / outputs;
  int64_t largest = 0;
  for (int64_t o = 0; o < outputs; ++o) {
    int64_t sum = 0;
    for (const Weight weight : weights.subspan(o * inputs, inputs))
      sum += std::abs(int64_t{weight});
    largest = std::max(largest, sum);
  }
  return CheckSumFits(what, largest);
}

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_INTEGER_SHAPE_H_
