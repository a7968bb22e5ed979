#include "experiments/sweep_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"

namespace tritlab {

absl::StatusOr<std::unique_ptr<SweepLock>> SweepLock::Lock(
    const std::string& path, int operation) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return FileError(errno, path, "open");
  std::unique_ptr<SweepLock> lock(new SweepLock(descriptor));
  while (flock(descriptor, operation) != 0) {
    if (errno == EWOULDBLOCK) return nullptr;
    if (errno != EINTR) return FileError(errno, path, "cannot lock");
  }
  return lock;
}

absl::StatusOr<std::unique_ptr<SweepLock>> SweepLock::Wait(
    const std::string& path) {
  return Lock(path, LOCK_EX);
}

absl::StatusOr<std::unique_ptr<SweepLock>> SweepLock::Try(
    const std::string& path) {
  return Lock(path, LOCK_EX | LOCK_NB);
}

SweepLock::~SweepLock() { close(descriptor_); }

}  // namespace tritlab
