// Softmax and cross-entropy as their formulas say them
// (kernels/softmax_cross_entropy.h), to test the fast ones against.
#ifndef TRITLAB_KERNELS_REFERENCE_SOFTMAX_CROSS_ENTROPY_H_
#define TRITLAB_KERNELS_REFERENCE_SOFTMAX_CROSS_ENTROPY_H_

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace tritlab::reference {

// The sum of the first `count` images' losses. Writes their gradients, divided
// by `count`.
template <typename Real>
double SoftmaxCrossEntropy(int64_t classes, std::span<const Real> logits,
                           std::span<const int32_t> labels, int64_t count,
                           double smoothing, std::span<Real> grad_logits) {
  double loss_sum = 0;
  for (int64_t n = 0; n < count; ++n) {
    const std::span<const Real> row = logits.subspan(n * classes, classes);
    double normalizer = 0;
    for (Real logit : row) normalizer += std::exp(static_cast<double>(logit));
    for (int64_t k = 0; k < classes; ++k) {
      const double p = std::exp(static_cast<double>(row[k])) / normalizer;
      const double q =
          (1 - smoothing) * (k == labels[n] ? 1 : 0) + smoothing / classes;
      loss_sum -= q * std::log(p);
      grad_logits[n * classes + k] = static_cast<Real>((p - q) / count);
    }
  }
  return loss_sum;
}

}  // namespace tritlab::reference

#endif  // TRITLAB_KERNELS_REFERENCE_SOFTMAX_CROSS_ENTROPY_H_
