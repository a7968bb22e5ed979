// The folder of one run: made once, locked while the run works in it, and
// entered again only to resume the same run.
#ifndef TRITLAB_EXPERIMENTS_RUN_FOLDER_H_
#define TRITLAB_EXPERIMENTS_RUN_FOLDER_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/file_lock.h"
#include "experiments/spec.pb.h"

namespace tritlab {

// Where a run's folder keeps its spec, what it was begun with, a phase's
// checkpoint, and, where another run trained the phase, what that one was begun
// with.
std::string SpecIn(const std::string& folder);
std::string ProvenanceIn(const std::string& folder);
std::string CheckpointIn(const std::string& folder, const std::string& phase);
std::string TrainedByIn(const std::string& folder, const std::string& phase);

// The file in a folder that is locked while a process works in it.
inline constexpr char kLockFile[] = ".lock";
// Locks the folder, which must be there. FailedPrecondition, saying who works
// in it, when another process does.
absl::StatusOr<std::unique_ptr<FileLock>> LockFolder(const std::string& folder);

class RunFolder {
 public:
  // Whether Open could take the folder, as far as that is seen without opening
  // it: FailedPrecondition as Open's.
  static absl::Status Check(const std::string& path, bool resume);
  // A new run: the folder must not exist, or be empty. With resume: it must
  // hold a run of the same spec; where nothing is there yet, it is a new run.
  // FailedPrecondition, saying what to do, when the folder holds something
  // else, or another process works in it. The spec is written to
  // spec.textproto.
  static absl::StatusOr<std::unique_ptr<RunFolder>> Open(
      const std::string& path, const ExperimentSpec& spec, bool resume);
  const std::string& path() const { return path_; }
  // Where a phase's checkpoint is kept.
  std::string CheckpointOf(const std::string& phase) const {
    return CheckpointIn(path_, phase);
  }

 private:
  RunFolder(const std::string& path, std::unique_ptr<FileLock> lock)
      : path_(path), lock_(std::move(lock)) {}

  const std::string path_;
  const std::unique_ptr<FileLock> lock_;
};

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_RUN_FOLDER_H_
