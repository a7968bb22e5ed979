// Finds the dataset that a spec names.
#ifndef TRITLAB_DATASETS_OPEN_DATASET_H_
#define TRITLAB_DATASETS_OPEN_DATASET_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"
#include "datasets/dataset.pb.h"

namespace tritlab {

// InvalidArgument, naming the field, when a setting is impossible.
absl::Status ValidateDatasetSpec(const DatasetSpec& spec);

// One split of the dataset that `spec` names, in memory; see dataset.proto for
// where it is looked for under `data_root`. The result's source() says what
// was read, its normalization() is the spec's where the spec has one. NotFound
// says what was looked for and where; other errors name the file at fault.
absl::StatusOr<std::unique_ptr<Dataset>> OpenDataset(
    const DatasetSpec& spec, absl::string_view data_root, Split split);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_OPEN_DATASET_H_
