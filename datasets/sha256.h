// SHA-256 (FIPS 180-4), over OpenSSL: whether a file that came from elsewhere
// is the one that was published.
#ifndef TRITLAB_DATASETS_SHA256_H_
#define TRITLAB_DATASETS_SHA256_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// 64 hexadecimal digits, lower-case.
std::string Sha256(absl::string_view bytes);

// Of a file's contents, read a piece at a time. Errors as in base/file.h.
absl::StatusOr<std::string> Sha256OfFile(absl::string_view path);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_SHA256_H_
