// For programs whose flags make a DatasetSpec.
#ifndef TRITLAB_DATASETS_DATASET_FLAGS_H_
#define TRITLAB_DATASETS_DATASET_FLAGS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// An error of a dataset, which names the spec's fields, with their flags
// instead: --dataset, --source, --first_label, --classes, and resize_flag for
// what sets `resize`.
absl::Status InFlags(const absl::Status& status, absl::string_view resize_flag);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_DATASET_FLAGS_H_
