// One folder out of an archive, onto the disk.
#ifndef TRITLAB_DATASETS_UNPACK_ARCHIVE_H_
#define TRITLAB_DATASETS_UNPACK_ARCHIVE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace tritlab {

// Unpacks a .tar or .tar.gz file all of whose members are in the folder `name`
// to `parent`/`name`, which appears whole or not at all and must not be there
// yet. Files get the rights that new files have, whatever the archive says.
// Nothing is written outside that folder: InvalidArgument, naming archive and
// member, for another folder, an absolute name, `..`, and whatever is neither a
// file nor a folder, as links are; for what is damaged; and for more than
// `max_bytes` in all. AlreadyExists: the folder is there.
absl::Status UnpackArchive(const std::string& archive, const std::string& name,
                           const std::string& parent, int64_t max_bytes);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_UNPACK_ARCHIVE_H_
