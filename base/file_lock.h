// One process at a time, for processes that share a folder, on one machine or
// on several.
//
// The lock is the operating system's (flock), which goes with whoever holds it,
// however that ends: a file that a dead owner left behind locks nothing.
// Between machines it holds where the file system passes locks on: NFS unless
// mounted with nolock or local_lock, Lustre with -o flock, CephFS, GPFS.
#ifndef TRITLAB_BASE_FILE_LOCK_H_
#define TRITLAB_BASE_FILE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace tritlab {

// A file that is locked as long as the object lives, or a process that has
// inherited its descriptor. The file says who locked it last.
class FileLock {
 public:
  // Makes the file where it is missing; its folder must be there. Waits for
  // whoever holds it. Unimplemented where the file system keeps no locks;
  // InvalidArgument for a link or anything else that is no regular file.
  static absl::StatusOr<std::unique_ptr<FileLock>> Wait(
      const std::string& path);
  // nullptr when someone else holds it.
  static absl::StatusOr<std::unique_ptr<FileLock>> Try(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // Is closed when a process executes another program.
  int descriptor() const { return descriptor_; }

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  static absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                                        int operation);

  const int descriptor_;
};

// Who locked the file last, "process 123 on host-a"; "another process" where
// the file does not say.
std::string LastOwner(const std::string& path);

// "process 123 on host-a": this one.
std::string ThisProcess();

}  // namespace tritlab

#endif  // TRITLAB_BASE_FILE_LOCK_H_
