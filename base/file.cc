#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/memory.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

std::string ParentFolder(absl::string_view path) {
  std::string parent =
      std::filesystem::path(std::string(path)).parent_path().string();
  return parent.empty() ? "." : parent;
}

// Writes all of `bytes`, or returns the errno that stopped it.
int WriteAll(int descriptor, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    bytes.remove_prefix(written);
  }
  return 0;
}

}  // namespace

absl::Status FileError(int error_number, absl::string_view path,
                       absl::string_view action) {
  if (error_number == ENOSPC || error_number == EDQUOT ||
      error_number == EFBIG) {
    const absl::string_view reason =
        error_number == ENOSPC ? "no space left on the disk"
        : error_number == EDQUOT
            ? "disk quota used up"
            : "larger than the file size limit (ulimit -f) allows";
    return absl::ResourceExhaustedError(
        absl::StrCat(path, ": ", action, ": ", reason,
                     "; free some or choose another folder"));
  }
  return absl::ErrnoToStatus(error_number, absl::StrCat(path, ": ", action));
}

absl::StatusOr<std::string> ReadFile(absl::string_view path,
                                     int64_t max_bytes) {
  const std::string name(path);
  const int descriptor = open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return FileError(errno, path, "cannot open");
  std::string contents;
  absl::Status status;
  struct stat info;
  if (fstat(descriptor, &info) != 0) {
    status = FileError(errno, path, "cannot read");
  } else if (S_ISDIR(info.st_mode)) {
    status = absl::InvalidArgumentError(
        absl::StrCat(path, ": is a folder where a file was expected"));
  } else {
    // Pipes and /proc report size 0, so the end is where read says it is.
    int64_t size = 0;
    int64_t room =
        std::clamp<int64_t>(info.st_size, 0,
                            std::numeric_limits<int64_t>::max() - 1) +
        1;
    while (status.ok()) {
      if (std::max<int64_t>(size, info.st_size) > max_bytes) {
        status = absl::InvalidArgumentError(
            absl::StrCat(path, ": is larger than the ", max_bytes,
                         " bytes that are possible here"));
        break;
      }
      if (size == room) room += std::max<int64_t>(room, kBufferBytes);
      // A sparse file claims any size.
      status =
          CheckMemory(path, static_cast<double>(room), "use a smaller file");
      if (!status.ok()) break;
      contents.resize(room);
      const ssize_t count =
          read(descriptor, contents.data() + size, room - size);
      if (count < 0) {
        if (errno == EINTR) continue;
        status = FileError(errno, path, "cannot read");
      } else if (count == 0) {
        break;
      } else {
        size += count;
      }
    }
    contents.resize(size);
  }
  close(descriptor);
  if (!status.ok()) return status;
  return contents;
}

absl::Status WriteFileAtomically(absl::string_view path,
                                 absl::string_view contents) {
  ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file, AtomicFile::Create(path));
  RETURN_IF_ERROR(file->Append(contents));
  return file->Commit();
}

absl::StatusOr<int> OpenForWriting(const std::string& path, int flags,
                                   absl::string_view called) {
  // O_NONBLOCK: a pipe of that name would have it wait for the other end.
  const int descriptor =
      open(path.c_str(), flags | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
           0666);
  const int error_number = errno;
  struct stat info;
  const bool known = descriptor < 0 ? lstat(path.c_str(), &info) == 0
                                    : fstat(descriptor, &info) == 0;
  // A folder's own error says what it is.
  if (known && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
    if (descriptor >= 0) close(descriptor);
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is not a regular file; remove it"));
  }
  if (descriptor < 0) {
    return FileError(error_number, called.empty() ? path : called,
                     "cannot open to write");
  }
  return descriptor;
}

absl::StatusOr<std::unique_ptr<AtomicFile>> AtomicFile::Create(
    absl::string_view path) {
  if (IsDirectory(path)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is a folder where a file is to be written"));
  }
  const std::string partial_path = absl::StrCat(path, ".partial");
  while (true) {
    ASSIGN_OR_RETURN(const int descriptor,
                     OpenForWriting(partial_path, O_WRONLY, path));
    // The lock goes when its holder dies, so a partial file that is not locked
    // is a dead writer's. File systems without locks just do without.
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      close(descriptor);
      return absl::FailedPreconditionError(absl::StrCat(
          path, ": is being written by another program; wait for it to end"));
    }
    // Between open and lock the holder may have renamed or removed the file.
    struct stat opened, named;
    if (fstat(descriptor, &opened) != 0 ||
        lstat(partial_path.c_str(), &named) != 0 ||
        opened.st_ino != named.st_ino || opened.st_dev != named.st_dev) {
      close(descriptor);
      continue;
    }
    if (ftruncate(descriptor, 0) != 0 && errno != EINVAL) {
      const int error_number = errno;
      close(descriptor);
      return FileError(error_number, path, "cannot create");
    }
    return std::unique_ptr<AtomicFile>(
        new AtomicFile(std::string(path), partial_path, descriptor));
  }
}

AtomicFile::AtomicFile(std::string path, std::string partial_path,
                       int descriptor)
    : path_(std::move(path)),
      partial_path_(std::move(partial_path)),
      descriptor_(descriptor) {}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) {
    Fail(absl::CancelledError("not committed")).IgnoreError();
  }
}

absl::Status AtomicFile::Fail(absl::Status status) {
  // Removed before it is closed: afterwards it may be another writer's.
  unlink(partial_path_.c_str());
  close(descriptor_);
  descriptor_ = -1;
  status_ = std::move(status);
  return status_;
}

absl::Status AtomicFile::Flush() {
  const int error_number = WriteAll(descriptor_, buffer_);
  buffer_.clear();
  if (error_number != 0) {
    return Fail(FileError(error_number, path_, "cannot write"));
  }
  return absl::OkStatus();
}

absl::Status AtomicFile::Append(absl::string_view bytes) {
  if (!status_.ok()) return status_;
  if (buffer_.size() + bytes.size() < kBufferBytes) {
    buffer_.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(Flush());
  const int error_number = WriteAll(descriptor_, bytes);
  if (error_number != 0) {
    return Fail(FileError(error_number, path_, "cannot write"));
  }
  return absl::OkStatus();
}

absl::Status FlushFolderOf(absl::string_view path) {
  const std::string folder = ParentFolder(path);
  const int descriptor =
      open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int error_number = errno;
  if (descriptor >= 0) {
    error_number = fsync(descriptor) != 0 ? errno : 0;
    close(descriptor);
  }
  // Some file systems cannot flush a folder and keep their own order, and one
  // that may only be written to cannot be opened.
  if (error_number == 0 || error_number == EACCES || error_number == EINVAL ||
      error_number == ENOTSUP) {
    return absl::OkStatus();
  }
  return FileError(error_number, path, "cannot flush its folder");
}

absl::Status AtomicFile::Commit(absl::string_view previous) {
  if (!status_.ok()) return status_;
  RETURN_IF_ERROR(Flush());
  if (fsync(descriptor_) != 0 && errno != EINVAL) {
    return Fail(FileError(errno, path_, "cannot write"));
  }
  if (!previous.empty() &&
      rename(path_.c_str(), std::string(previous).c_str()) != 0 &&
      errno != ENOENT) {
    return Fail(FileError(errno, path_, "cannot rename"));
  }
  if (rename(partial_path_.c_str(), path_.c_str()) != 0) {
    return Fail(FileError(errno, path_, "cannot create"));
  }
  close(descriptor_);
  descriptor_ = -1;
  status_ = absl::FailedPreconditionError(
      absl::StrCat(path_, ": has been committed already"));
  return FlushFolderOf(path_);
}

absl::Status MakeDirectories(absl::string_view path) {
  if (IsDirectory(path)) return absl::OkStatus();
  std::string name(path);
  while (name.size() > 1 && name.back() == '/') name.pop_back();
  const std::string parent = ParentFolder(name);
  if (parent != name) RETURN_IF_ERROR(MakeDirectories(parent));
  if (mkdir(name.c_str(), 0777) != 0 && !(errno == EEXIST && IsDirectory(path)))
    return FileError(errno == EEXIST ? ENOTDIR : errno, path,
                     "cannot make this folder");
  // What is written into it would otherwise be lost with its own name.
  return FlushFolderOf(name);
}

bool FileExists(absl::string_view path) {
  struct stat info;
  return stat(std::string(path).c_str(), &info) == 0;
}

bool IsDirectory(absl::string_view path) {
  struct stat info;
  return stat(std::string(path).c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool IsBrokenLink(absl::string_view path) {
  struct stat info;
  return !FileExists(path) && lstat(std::string(path).c_str(), &info) == 0;
}

absl::StatusOr<int64_t> FileSize(absl::string_view path) {
  struct stat info;
  if (stat(std::string(path).c_str(), &info) != 0) {
    return FileError(errno, path, "cannot open");
  }
  return static_cast<int64_t>(info.st_size);
}

absl::StatusOr<std::vector<std::string>> ListDirectory(absl::string_view path) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator entry(
      std::filesystem::path{std::string(path)}, error);
  const std::filesystem::directory_iterator end;
  while (!error && entry != end) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  if (error) return FileError(error.value(), path, "cannot list this folder");
  std::sort(names.begin(), names.end());
  return names;
}

std::string JoinPath(absl::string_view folder, absl::string_view name) {
  return (std::filesystem::path(std::string(folder)) / std::string(name))
      .string();
}

std::string FromWorkingDirectory(absl::string_view path) {
  const char* folder = std::getenv("BUILD_WORKING_DIRECTORY");
  if (path.empty() || folder == nullptr) return std::string(path);
  return JoinPath(folder, path);
}

std::string CanonicalPath(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  if (error) return path;
  const auto canonical = std::filesystem::weakly_canonical(absolute, error);
  return error ? path : canonical.string();
}

}  // namespace tritlab
