// How often a model is right.
#ifndef TRITLAB_INFERENCE_ACCURACY_H_
#define TRITLAB_INFERENCE_ACCURACY_H_

#include "absl/status/statusor.h"
#include "datasets/dataset.h"
#include "inference/model.h"

namespace tritlab {

// Top-1 in percent over all images but those that the dataset leaves out
// (Dataset::LeaveOut). InvalidArgument when images or classes are not the
// model's, or no image is left.
absl::StatusOr<double> Top1(Model& model, const Dataset& images);

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_ACCURACY_H_
