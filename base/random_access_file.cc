#include "base/random_access_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace tritlab {

absl::StatusOr<std::unique_ptr<RandomAccessFile>> RandomAccessFile::Open(
    absl::string_view path) {
  // Not to wait for whoever writes to a pipe of that name.
  const int descriptor =
      open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return FileError(errno, path, "cannot open");
  struct stat info;
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(descriptor);
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is not a regular file"));
  }
  return std::unique_ptr<RandomAccessFile>(
      new RandomAccessFile(std::string(path), descriptor, info.st_size));
}

RandomAccessFile::~RandomAccessFile() { close(descriptor_); }

absl::Status RandomAccessFile::CheckRange(int64_t offset, int64_t size) const {
  if (offset >= 0 && size >= 0 && offset <= size_ && size <= size_ - offset) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat(path_, ": has no ", size,
                                          " bytes from byte ", offset,
                                          " on; get it again"));
}

absl::Status RandomAccessFile::Read(int64_t offset, int64_t size,
                                    char* bytes) const {
  RETURN_IF_ERROR(CheckRange(offset, size));
  while (size > 0) {
    const ssize_t count = pread(descriptor_, bytes, size, offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, path_, "cannot read");
    if (count == 0) {
      return absl::DataLossError(
          absl::StrCat(path_, ": became shorter while it was read"));
    }
    bytes += count;
    offset += count;
    size -= count;
  }
  return absl::OkStatus();
}

absl::Status RandomAccessFile::Read(int64_t offset, int64_t size,
                                    std::string* bytes) const {
  RETURN_IF_ERROR(CheckRange(offset, size));
  bytes->resize(size);
  return Read(offset, size, bytes->data());
}

}  // namespace tritlab
