// Local response normalization as its formula says it
// (kernels/local_response_normalization.h), to test the fast one against. Sums
// are double.
#ifndef TRITLAB_KERNELS_REFERENCE_LOCAL_RESPONSE_NORMALIZATION_H_
#define TRITLAB_KERNELS_REFERENCE_LOCAL_RESPONSE_NORMALIZATION_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "kernels/local_response_normalization.h"

namespace tritlab::reference {

// Calls visit(neighbour's index) for each channel, the one of `index` too, that
// the normalization of `index` looks at.
template <typename Visit>
void ForEachNeighbour(const LocalResponseNormalizationShape& shape,
                      int64_t index, Visit visit) {
  const int64_t channels = shape.input.channels, reach = (shape.size - 1) / 2;
  const int64_t channel = index % channels, pixel = index - channel;
  for (int64_t d = 0; d < channels; ++d) {
    if (std::abs(d - channel) <= reach) visit(pixel + d);
  }
}

template <typename Real>
double ScaleOf(const LocalResponseNormalizationShape& shape,
               std::span<const Real> input, int64_t index) {
  double squares = 0;
  ForEachNeighbour(shape, index, [&](int64_t i) {
    squares += static_cast<double>(input[i]) * input[i];
  });
  return shape.k + shape.alpha / shape.size * squares;
}

template <typename Real>
void LocalResponseNormalizationForward(
    const LocalResponseNormalizationShape& shape, std::span<const Real> input,
    std::span<Real> output) {
  for (size_t i = 0; i < input.size(); ++i) {
    const double scale = ScaleOf(shape, input, static_cast<int64_t>(i));
    output[i] = static_cast<Real>(input[i] * std::pow(scale, -shape.beta));
  }
}

//   d output[i] / d input[j] = (i == j) scale[i]^-beta
//       - 2 alpha beta / size * input[i] input[j] scale[i]^(-beta - 1)
// for neighbours i and j, else 0.
template <typename Real>
void LocalResponseNormalizationBackward(
    const LocalResponseNormalizationShape& shape, std::span<const Real> input,
    std::span<const Real> grad_output, std::span<Real> grad_input) {
  for (size_t j = 0; j < input.size(); ++j) {
    double sum = 0;
    ForEachNeighbour(shape, static_cast<int64_t>(j), [&](int64_t i) {
      const double scale = ScaleOf(shape, input, i);
      double derivative = -2.0 * shape.alpha * shape.beta / shape.size *
                          input[i] * input[j] *
                          std::pow(scale, -shape.beta - 1);
      if (i == static_cast<int64_t>(j))
        derivative += std::pow(scale, -shape.beta);
      sum += derivative * grad_output[i];
    });
    grad_input[j] = static_cast<Real>(sum);
  }
}

}  // namespace tritlab::reference

#endif  // TRITLAB_KERNELS_REFERENCE_LOCAL_RESPONSE_NORMALIZATION_H_
