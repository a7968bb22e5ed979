#include "datasets/packed_errors.h"

#include "absl/strings/str_cat.h"

namespace tritlab {

absl::Status NotPacked(absl::string_view path) {
  return absl::InvalidArgumentError(
      absl::StrCat(path,
                   ": is not a packed dataset of this version; write it anew "
                   "with //datasets:prepare"));
}

absl::Status PackedDamage(absl::string_view path, absl::string_view part,
                          int64_t offset) {
  return absl::DataLossError(
      absl::StrCat(path, ": does not hold what its ", part, " says, near byte ",
                   offset, "; write it anew with //datasets:prepare"));
}

absl::Status SplitNotPacked(absl::string_view path, Split split) {
  return absl::NotFoundError(
      absl::StrCat(path, ": has no ", SplitName(split), " images"));
}

}  // namespace tritlab
