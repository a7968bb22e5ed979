// Batch normalization, addition and ReLU in as few passes over memory as there
// can be: forwards one reading for the statistics and one for the result,
// backwards one for the sums and one for the input's gradient.
#ifndef TRITLAB_KERNELS_FUSED_BATCH_NORMALIZATION_H_
#define TRITLAB_KERNELS_FUSED_BATCH_NORMALIZATION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "kernels/batch_normalization.h"
#include "kernels/tensor.h"

namespace tritlab {

// As BatchNormalization::Create, for training and inference. Gives the same
// bits for every number of threads.
absl::StatusOr<std::unique_ptr<BatchNormalization>>
CreateFusedBatchNormalization(const BatchNormalizationShape& shape,
                              DataType type, BatchShares shares = {});

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_FUSED_BATCH_NORMALIZATION_H_
