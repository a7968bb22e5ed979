// One process at a time, for processes that share a folder of a sweep.
#ifndef TRITLAB_EXPERIMENTS_SWEEP_LOCK_H_
#define TRITLAB_EXPERIMENTS_SWEEP_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace tritlab {

// A file that is locked as long as the object lives, or a process that has
// inherited its descriptor: the kernel unlocks it however they end.
class SweepLock {
 public:
  // Makes the file where it is missing; its folder must be there. Waits for
  // whoever holds it.
  static absl::StatusOr<std::unique_ptr<SweepLock>> Wait(
      const std::string& path);
  // nullptr when someone else holds it.
  static absl::StatusOr<std::unique_ptr<SweepLock>> Try(
      const std::string& path);
  ~SweepLock();
  SweepLock(const SweepLock&) = delete;
  SweepLock& operator=(const SweepLock&) = delete;

  // Is closed when a process executes another program.
  int descriptor() const { return descriptor_; }

 private:
  explicit SweepLock(int descriptor) : descriptor_(descriptor) {}
  static absl::StatusOr<std::unique_ptr<SweepLock>> Lock(
      const std::string& path, int operation);

  const int descriptor_;
};

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_SWEEP_LOCK_H_
