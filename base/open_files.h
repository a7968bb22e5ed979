// How many files a program may have open.
#ifndef TRITLAB_BASE_OPEN_FILES_H_
#define TRITLAB_BASE_OPEN_FILES_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// Makes room for `more` files beside those that are open: raises the process's
// own limit (RLIMIT_NOFILE) as far as the system allows. ResourceExhausted,
// "WHAT: ...", naming both numbers, when that is not enough.
absl::Status AllowOpenFiles(absl::string_view what, int64_t more);

}  // namespace tritlab

#endif  // TRITLAB_BASE_OPEN_FILES_H_
