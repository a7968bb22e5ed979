#include "base/mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status_macros.h"

namespace tritlab {

absl::StatusOr<std::shared_ptr<const MappedFile>> MappedFile::Open(
    absl::string_view path) {
  const std::shared_ptr<MappedFile> file(new MappedFile(std::string(path)));
  struct stat info;
  // A pipe is opened once, by what reads it.
  if (stat(file->path_.c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
    file->descriptor_ =
        open(file->path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->descriptor_ < 0) return FileError(errno, path, "cannot open");
  }
  if (file->descriptor_ >= 0 && fstat(file->descriptor_, &info) == 0 &&
      S_ISREG(info.st_mode) && info.st_size > 0) {
    // A sparse file claims any size.
    RETURN_IF_ERROR(CheckMemory(path, static_cast<double>(info.st_size),
                                "use a smaller file"));
    const auto size = static_cast<size_t>(info.st_size);
    void* const address =
        mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file->descriptor_, 0);
    if (address != MAP_FAILED) {
      file->address_ = static_cast<const char*>(address);
      file->size_ = size;
      return file;
    }
  }
  ASSIGN_OR_RETURN(file->contents_, ReadFile(path));
  return file;
}

MappedFile::~MappedFile() {
  if (mapped()) munmap(const_cast<char*>(address_), size_);
  if (descriptor_ >= 0) close(descriptor_);
}

absl::Status MappedFile::CheckSize() const {
  if (!mapped()) return absl::OkStatus();
  struct stat info;
  if (fstat(descriptor_, &info) != 0)
    return FileError(errno, path_, "cannot read");
  if (info.st_size < static_cast<int64_t>(size_)) {
    return absl::DataLossError(absl::StrCat(
        path_, ": became shorter while it was read; get the file anew"));
  }
  return absl::OkStatus();
}

}  // namespace tritlab
