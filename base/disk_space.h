// Whether a disk has the room that something large would take, asked before it
// is written.
#ifndef TRITLAB_BASE_DISK_SPACE_H_
#define TRITLAB_BASE_DISK_SPACE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// ResourceExhausted, naming the folder, when its disk has less than `bytes`
// free for this user. `folder` must exist.
absl::Status CheckDiskSpace(absl::string_view folder, int64_t bytes);

}  // namespace tritlab

#endif  // TRITLAB_BASE_DISK_SPACE_H_
