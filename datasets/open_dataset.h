// Finds the dataset that a spec names.
#ifndef TRITLAB_DATASETS_OPEN_DATASET_H_
#define TRITLAB_DATASETS_OPEN_DATASET_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"
#include "datasets/dataset.pb.h"
#include "datasets/encoded_images.h"

namespace tritlab {

// InvalidArgument, naming the field, when a setting is impossible.
absl::Status ValidateDatasetSpec(const DatasetSpec& spec);

struct OpenOptions {
  // A file that is broken or no image is an error; else images of any size do
  // without it (Dataset::LeaveOut). Images of one size never do.
  bool strict = false;
};

// One split of the dataset that `spec` names; see dataset.proto for where it is
// looked for under `data_root`. It is in memory unless spec.resize is given.
// The result's source() says what was read, its normalization() is the spec's
// where the spec has one. NotFound says what was looked for and where; other
// errors name the file at fault.
absl::StatusOr<std::unique_ptr<Dataset>> OpenDataset(
    const DatasetSpec& spec, absl::string_view data_root, Split split,
    const OpenOptions& options = {});

// The same before it is decoded, of a spec with `resize` (whose values do not
// matter): imagefolder, imagenet or tfrecord.
absl::StatusOr<std::unique_ptr<EncodedImages>> OpenEncodedImages(
    const DatasetSpec& spec, absl::string_view data_root, Split split);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_OPEN_DATASET_H_
