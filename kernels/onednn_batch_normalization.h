// Batch normalization over oneDNN, an addition being a pass of its own: what
// fused_batch_normalization.h is held against, and what infers.
#ifndef TRITLAB_KERNELS_ONEDNN_BATCH_NORMALIZATION_H_
#define TRITLAB_KERNELS_ONEDNN_BATCH_NORMALIZATION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "kernels/batch_normalization.h"
#include "kernels/tensor.h"

namespace tritlab {

// As BatchNormalization::Create.
absl::StatusOr<std::unique_ptr<BatchNormalization>>
CreateOneDnnBatchNormalization(const BatchNormalizationShape& shape,
                               DataType type, bool training);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_ONEDNN_BATCH_NORMALIZATION_H_
