// Softmax and cross-entropy with label smoothing (Szegedy et al., 2016),
// forward and backward at once.
//
//   p    = softmax(logits)
//   q[k] = (1 - smoothing) * (k == label ? 1 : 0) + smoothing / classes
//   loss = -sum_k q[k] log p[k]
//   grad_logits = weight * (p - q) / count
//
// Parallel, and the same bits for every number of threads.
#ifndef TRITLAB_KERNELS_SOFTMAX_CROSS_ENTROPY_H_
#define TRITLAB_KERNELS_SOFTMAX_CROSS_ENTROPY_H_

#include <cstdint>
#include <span>

#include "kernels/tensor.h"

namespace tritlab {

struct LossResult {
  // Over the counted images, not divided.
  double loss_sum = 0;
  // Counted images whose largest logit (ties: the first) is the label's.
  int64_t correct = 0;
};

// logits: `type`, [labels.size()][classes]; labels in [0, classes), which the
// caller has checked. Only the first `count` images are counted (the last batch
// of an evaluation may be padded); grad_logits (same type and shape, or
// nullptr) is divided by `count` and 0 for images that do not count. `weight`:
// the loss's share in a sum of several; LossResult is without it.
LossResult SoftmaxCrossEntropy(DataType type, int64_t classes,
                               const void* logits,
                               std::span<const int32_t> labels, int64_t count,
                               float label_smoothing, void* grad_logits,
                               float weight = 1);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_SOFTMAX_CROSS_ENTROPY_H_
