// The folder of one run: made once, locked while the run works in it, and
// entered again only to resume the same run.
#ifndef TRITLAB_EXPERIMENTS_RUN_FOLDER_H_
#define TRITLAB_EXPERIMENTS_RUN_FOLDER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "experiments/spec.pb.h"

namespace tritlab {

// Where a run's folder keeps its spec, and a phase's checkpoint.
std::string SpecIn(const std::string& folder);
std::string CheckpointIn(const std::string& folder, const std::string& phase);

class RunFolder {
 public:
  // A new run: the folder must not exist, or be empty. With resume: it must
  // hold a run of the same spec; where nothing is there yet, it is a new run.
  // FailedPrecondition, saying what to do, when the folder holds something
  // else, or another process works in it. The spec is written to
  // spec.textproto.
  static absl::StatusOr<std::unique_ptr<RunFolder>> Open(
      const std::string& path, const ExperimentSpec& spec, bool resume);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::string& path() const { return path_; }
  // Where a phase's checkpoint is kept.
  std::string CheckpointOf(const std::string& phase) const {
    return CheckpointIn(path_, phase);
  }
  // Whether it held a run before.
  bool resumed() const { return resumed_; }

 private:
  RunFolder(const std::string& path, int lock, bool resumed)
      : path_(path), lock_(lock), resumed_(resumed) {}

  const std::string path_;
  const int lock_;  // an open file that the kernel unlocks when the process
                    // ends, however it ends
  const bool resumed_;
};

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_RUN_FOLDER_H_
