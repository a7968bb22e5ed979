// Datasets packed into one checksummed file, which opens faster than what it
// was made from and cannot be half there.
#ifndef TRITLAB_DATASETS_PACKED_H_
#define TRITLAB_DATASETS_PACKED_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"

namespace tritlab {

// Writes the splits that are not nullptr; at least one of them, of the same
// shape and classes. `path` appears whole or not at all.
absl::Status WritePackedDataset(absl::string_view path, const Dataset* train,
                                const Dataset* test);

// NotFound: the file, or the split in it. InvalidArgument: another kind of
// file. DataLoss, naming file and byte: a damaged or cut off one.
absl::StatusOr<std::unique_ptr<Dataset>> ReadPackedDataset(
    absl::string_view path, Split split);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_PACKED_H_
