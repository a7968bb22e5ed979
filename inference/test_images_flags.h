// The flags of the programs that take a dataset's test images to a packed
// model: --data_root, --dataset, --source, --shorter_side, --first_label,
// --classes and --strict.
#ifndef TRITLAB_INFERENCE_TEST_IMAGES_FLAGS_H_
#define TRITLAB_INFERENCE_TEST_IMAGES_FLAGS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "datasets/dataset.h"

namespace tritlab {

// What the flags name, for a model that takes `shape`. As OpenTestImages says;
// errors name the flag.
absl::StatusOr<std::unique_ptr<Dataset>> OpenTestImagesOfFlags(
    const ImageShape& shape);

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_TEST_IMAGES_FLAGS_H_
