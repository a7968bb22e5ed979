#include "datasets/partial_download.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

constexpr int64_t kMaxValidatorBytes = 1024;

}  // namespace

absl::StatusOr<std::unique_ptr<PartialDownload>> PartialDownload::Open(
    const std::string& path) {
  const std::string part_path = absl::StrCat(path, ".part");
  ASSIGN_OR_RETURN(const int descriptor, OpenForWriting(part_path, O_RDWR));
  std::unique_ptr<PartialDownload> part(new PartialDownload(path, descriptor));
  struct stat info;
  if (fstat(descriptor, &info) != 0)
    return FileError(errno, part_path, "cannot read");
  part->size_ = info.st_size;
  if (part->size_ > 0 && FileExists(part->ValidatorPath())) {
    ASSIGN_OR_RETURN(part->validator_,
                     ReadFile(part->ValidatorPath(), kMaxValidatorBytes));
  }
  return part;
}

PartialDownload::~PartialDownload() { close(descriptor_); }

absl::Status PartialDownload::Append(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(descriptor_, bytes.data(), bytes.size(), size_);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError(errno, part_path_, "cannot write");
    bytes.remove_prefix(written);
    size_ += written;
  }
  return absl::OkStatus();
}

absl::Status PartialDownload::Clear(const std::string& validator) {
  // The old validator must not outlive the old bytes, nor the new bytes come
  // before the new validator.
  if (ftruncate(descriptor_, 0) != 0)
    return FileError(errno, part_path_, "cannot empty");
  size_ = 0;
  validator_ = validator;
  if (static_cast<int64_t>(validator.size()) > kMaxValidatorBytes)
    validator_.clear();
  if (validator_.empty()) {
    if (unlink(ValidatorPath().c_str()) != 0 && errno != ENOENT)
      return FileError(errno, ValidatorPath(), "cannot remove");
    return absl::OkStatus();
  }
  return WriteFileAtomically(ValidatorPath(), validator_);
}

absl::Status PartialDownload::Commit() {
  if (fsync(descriptor_) != 0)
    return FileError(errno, part_path_, "cannot write");
  if (rename(part_path_.c_str(), path_.c_str()) != 0)
    return FileError(errno, path_, "cannot rename to it");
  unlink(ValidatorPath().c_str());
  return FlushFolderOf(path_);
}

}  // namespace tritlab
