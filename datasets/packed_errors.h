// What both kinds of packed datasets, images of one size and photographs, say
// of a file that they cannot read.
#ifndef TRITLAB_DATASETS_PACKED_ERRORS_H_
#define TRITLAB_DATASETS_PACKED_ERRORS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"

namespace tritlab {

// InvalidArgument: another kind of file, or another version of it.
absl::Status NotPacked(absl::string_view path);

// DataLoss: what is near byte `offset` is not what the file's `part`, its
// header or its index, says.
absl::Status PackedDamage(absl::string_view path, absl::string_view part,
                          int64_t offset);

// NotFound.
absl::Status SplitNotPacked(absl::string_view path, Split split);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_PACKED_ERRORS_H_
