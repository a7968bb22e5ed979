// The images that a packed model is tested on.
#ifndef TRITLAB_INFERENCE_TEST_IMAGES_H_
#define TRITLAB_INFERENCE_TEST_IMAGES_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"
#include "datasets/open_dataset.h"

namespace tritlab {

// The test split of what `spec` names, for a model that takes `shape`.
// Photographs become squares of the model's height, as spec.resize does it:
// those of imagenet and tfrecord, and of an imagefolder that has an image of
// another size than the model's. spec.resize, which may be missing, says the
// shorter side; where it does not, it is the crop's (datasets/dataset.proto).
// As OpenDataset says.
absl::StatusOr<std::unique_ptr<Dataset>> OpenTestImages(
    DatasetSpec spec, absl::string_view data_root, const ImageShape& shape,
    const OpenOptions& options = {});

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_TEST_IMAGES_H_
