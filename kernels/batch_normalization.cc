#include "kernels/batch_normalization.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/extents.h"
#include "kernels/fused_batch_normalization.h"
#include "kernels/onednn_batch_normalization.h"

namespace tritlab {

absl::Status BatchNormalizationShape::Validate() const {
  RETURN_IF_ERROR(CheckActivation("batch normalization", "input", input));
  if (!(epsilon > 0) || !std::isfinite(epsilon)) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch normalization: epsilon is ", epsilon,
                     "; it must be positive, such as 1e-5"));
  }
  if (add && !relu) {
    return absl::InvalidArgumentError(
        "batch normalization: add is set without relu; a second input is "
        "only added where a ReLU follows");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<BatchNormalization>> BatchNormalization::Create(
    const BatchNormalizationShape& shape, DataType type, bool training,
    BatchShares shares) {
  // A whole training step is as fast or faster with our passes, though oneDNN's
  // alone win some shapes (docs/performance.md); without statistics to take,
  // oneDNN's do.
  if (training)
    return CreateFusedBatchNormalization(shape, type, std::move(shares));
  return CreateOneDnnBatchNormalization(shape, type, training);
}

}  // namespace tritlab
