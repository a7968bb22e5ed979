// A linear layer as its formula says it (kernels/linear.h), to test the fast
// one against. Sums are double.
#ifndef TRITLAB_KERNELS_REFERENCE_LINEAR_H_
#define TRITLAB_KERNELS_REFERENCE_LINEAR_H_

#include <cstdint>
#include <span>

#include "kernels/linear.h"

namespace tritlab::reference {

template <typename Real>
void LinearForward(const LinearShape& shape, std::span<const Real> input,
                   std::span<const Real> weights, std::span<const Real> bias,
                   std::span<Real> output) {
  for (int64_t n = 0; n < shape.batch; ++n) {
    for (int64_t o = 0; o < shape.out_features; ++o) {
      double sum = bias[o];
      for (int64_t i = 0; i < shape.in_features; ++i) {
        sum += static_cast<double>(input[n * shape.in_features + i]) *
               weights[o * shape.in_features + i];
      }
      output[n * shape.out_features + o] = static_cast<Real>(sum);
    }
  }
}

template <typename Real>
void LinearBackwardInput(const LinearShape& shape,
                         std::span<const Real> weights,
                         std::span<const Real> grad_output,
                         std::span<Real> grad_input) {
  for (int64_t n = 0; n < shape.batch; ++n) {
    for (int64_t i = 0; i < shape.in_features; ++i) {
      double sum = 0;
      for (int64_t o = 0; o < shape.out_features; ++o) {
        sum += static_cast<double>(grad_output[n * shape.out_features + o]) *
               weights[o * shape.in_features + i];
      }
      grad_input[n * shape.in_features + i] = static_cast<Real>(sum);
    }
  }
}

template <typename Real>
void LinearBackwardWeights(const LinearShape& shape,
                           std::span<const Real> input,
                           std::span<const Real> grad_output,
                           std::span<Real> grad_weights,
                           std::span<Real> grad_bias) {
  for (int64_t o = 0; o < shape.out_features; ++o) {
    for (int64_t i = 0; i < shape.in_features; ++i) {
      double sum = 0;
      for (int64_t n = 0; n < shape.batch; ++n) {
        sum += static_cast<double>(grad_output[n * shape.out_features + o]) *
               input[n * shape.in_features + i];
      }
      grad_weights[o * shape.in_features + i] = static_cast<Real>(sum);
    }
    double sum = 0;
    for (int64_t n = 0; n < shape.batch; ++n) {
      sum += grad_output[n * shape.out_features + o];
    }
    grad_bias[o] = static_cast<Real>(sum);
  }
}

}  // namespace tritlab::reference

#endif  // TRITLAB_KERNELS_REFERENCE_LINEAR_H_
