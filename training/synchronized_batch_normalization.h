// Batch normalization with the statistics of all ranks' shares of a batch, as
// if one rank had the whole: sums are all-reduced forwards and backwards
// (kernels/split_batch_normalization.h).
#ifndef TRITLAB_TRAINING_SYNCHRONIZED_BATCH_NORMALIZATION_H_
#define TRITLAB_TRAINING_SYNCHRONIZED_BATCH_NORMALIZATION_H_

#include <memory>

#include "kernels/batch_normalization.h"
#include "kernels/tensor.h"
#include "training/communicator.h"
#include "training/operator.h"

namespace tritlab {

// For training. `shape` is of this rank's share, without an addition; `ranks`
// must outlive the operator. The gradients of scale and shift are those of this
// rank's share, as other operators' are: their mean over ranks is left to
// GradientAverage.
std::unique_ptr<Operator> MakeSynchronizedBatchNormalization(
    const BatchNormalizationShape& shape, DataType type,
    const NodeValues& values, Communicator& ranks);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_SYNCHRONIZED_BATCH_NORMALIZATION_H_
