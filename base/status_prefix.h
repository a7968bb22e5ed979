// Says where an error happened before what it says.
#ifndef TRITLAB_BASE_STATUS_PREFIX_H_
#define TRITLAB_BASE_STATUS_PREFIX_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// The same error with "PREFIX: " before its message; OK stays OK.
inline absl::Status WithPrefix(absl::string_view prefix,
                               const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(prefix, ": ", status.message()));
}

}  // namespace tritlab

#endif  // TRITLAB_BASE_STATUS_PREFIX_H_
