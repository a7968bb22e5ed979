// Batch normalization over oneDNN, an addition being a pass of its own: what
// fused_batch_normalization.h is held against, and what is left to infer with.
#ifndef TRITLAB_KERNELS_ONEDNN_BATCH_NORMALIZATION_H_
#define TRITLAB_KERNELS_ONEDNN_BATCH_NORMALIZATION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "kernels/batch_normalization.h"
#include "kernels/tensor.h"

namespace tritlab {

// As BatchNormalization::Create. forward: what computes the training pass
// forwards in oneDNN's place; only with an addition, where oneDNN's backward
// pass needs no more of it than mean and variance.
absl::StatusOr<std::unique_ptr<BatchNormalization>>
CreateOneDnnBatchNormalization(
    const BatchNormalizationShape& shape, DataType type, bool training,
    std::unique_ptr<BatchNormalization> forward = nullptr);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_ONEDNN_BATCH_NORMALIZATION_H_
