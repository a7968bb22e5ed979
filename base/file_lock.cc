#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

constexpr int64_t kLongestOwner = 1000;

// Tells a machine from itself before it was started anew.
std::string BootId() {
  return std::string(absl::StripAsciiWhitespace(
      ReadFile("/proc/sys/kernel/random/boot_id").value_or("unknown")));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::Lock(
    const std::string& path, int operation) {
  ASSIGN_OR_RETURN(const int descriptor, OpenForWriting(path, O_RDWR));
  std::unique_ptr<FileLock> lock(new FileLock(descriptor));
  while (flock(descriptor, operation) != 0) {
    if (errno == EWOULDBLOCK) return nullptr;
    if (errno == EINTR) continue;
    if (errno == ENOLCK || errno == ENOTSUP || errno == ENOSYS) {
      return absl::UnimplementedError(absl::StrCat(
          path,
          ": the file system keeps no locks; mount it with them (NFS without "
          "nolock, Lustre with -o flock), or use a folder elsewhere"));
    }
    return FileError(errno, path, "cannot lock");
  }
  // For people, and no condition of holding the lock: the disk may be full.
  const std::string owner =
      absl::StrCat(ThisProcess(), "\nboot ", BootId(), "\n");
  if (ftruncate(descriptor, 0) == 0)
    (void)!pwrite(descriptor, owner.data(), owner.size(), 0);
  return lock;
}

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::Wait(
    const std::string& path) {
  return Lock(path, LOCK_EX);
}

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::Try(
    const std::string& path) {
  return Lock(path, LOCK_EX | LOCK_NB);
}

FileLock::~FileLock() { close(descriptor_); }

std::string LastOwner(const std::string& path) {
  const std::string text = ReadFile(path, kLongestOwner).value_or("");
  const std::string owner = text.substr(0, text.find('\n'));
  return owner.empty() ? "another process" : owner;
}

std::string ThisProcess() {
  char host[256] = "";
  if (gethostname(host, sizeof(host) - 1) != 0) host[0] = '\0';
  return absl::StrCat("process ", getpid(), " on ",
                      host[0] == '\0' ? "this machine" : host);
}

}  // namespace tritlab
