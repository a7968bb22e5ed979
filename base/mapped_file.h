// A file's bytes without a copy of them.
#ifndef TRITLAB_BASE_MAPPED_FILE_H_
#define TRITLAB_BASE_MAPPED_FILE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// Mapped to be read, privately; where that is not possible (pipes, file systems
// without it), read as ReadFile reads. The file may be replaced or removed
// meanwhile: the bytes stay. It may not be cut off: reading what is gone from a
// mapped file ends the program. This project's writers replace files
// (base/file.h), so only others can do that; CheckSize() before each stretch of
// reading turns it into an error unless it happens right then.
class MappedFile {
 public:
  // Errors as in file.h.
  static absl::StatusOr<std::shared_ptr<const MappedFile>> Open(
      absl::string_view path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  absl::string_view bytes() const {
    return mapped() ? absl::string_view(address_, size_) : contents_;
  }
  bool mapped() const { return address_ != nullptr; }

  // DataLoss, naming the file, when it has become shorter since it was opened.
  absl::Status CheckSize() const;

 private:
  explicit MappedFile(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  int descriptor_ = -1;  // of what is mapped
  const char* address_ = nullptr;
  size_t size_ = 0;
  std::string contents_;  // what was read instead
};

}  // namespace tritlab

#endif  // TRITLAB_BASE_MAPPED_FILE_H_
