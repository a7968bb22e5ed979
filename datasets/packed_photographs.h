// Photographs of any size packed into one file: the images' files as they are,
// in their order, behind one index. It opens at once however many there are,
// and an epoch reads one file. packed.proto has the layout.
#ifndef TRITLAB_DATASETS_PACKED_PHOTOGRAPHS_H_
#define TRITLAB_DATASETS_PACKED_PHOTOGRAPHS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"
#include "datasets/encoded_images.h"

namespace tritlab {

struct PackedPhotographsCount {
  int64_t train = 0;
  int64_t test = 0;
  int64_t left_out = 0;
};

// Writes the splits that are not nullptr; at least one of them, of the same
// classes. Every image is decoded once to see whether it is whole; one that is
// not is an error if `strict`, and is else named on stderr and left out. `path`
// appears whole or not at all.
absl::StatusOr<PackedPhotographsCount> WritePackedPhotographs(
    absl::string_view path, absl::string_view dataset_name,
    const EncodedImages* train, const EncodedImages* test, bool strict);

// Whether the file is one of these, by its first record.
bool IsPackedPhotographs(absl::string_view path);

// One split. Names are those of what it was made from, behind the file's.
// NotFound: the file, or the split in it. InvalidArgument: another kind of
// file. DataLoss, naming file and byte: a damaged or cut off one; images are
// verified whenever they are read.
absl::StatusOr<std::unique_ptr<EncodedImages>> OpenPackedPhotographs(
    absl::string_view path, Split split);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_PACKED_PHOTOGRAPHS_H_
