#include "experiments/run_folder.h"

#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "experiments/spec_file.h"
#include "google/protobuf/util/message_differencer.h"

namespace tritlab {
namespace {

constexpr char kSpecFile[] = "spec.textproto";
constexpr char kCheckpoints[] = "checkpoints";

// Whether anything but what Open itself may have left behind when it was
// killed is in the folder: the lock, no checkpoints, half a spec.
absl::StatusOr<bool> HoldsAnything(const std::string& folder) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(folder));
  const std::set<std::string> own = {kLockFile, kCheckpoints,
                                     absl::StrCat(kSpecFile, ".partial")};
  for (const std::string& name : names) {
    if (own.count(name) == 0) return true;
  }
  const std::string checkpoints = JoinPath(folder, kCheckpoints);
  if (!FileExists(checkpoints)) return false;
  ASSIGN_OR_RETURN(const std::vector<std::string> kept,
                   ListDirectory(checkpoints));
  return !kept.empty();
}

absl::Status CheckSameSpec(const std::string& folder,
                           const ExperimentSpec& spec) {
  ExperimentSpec before;
  const std::string path = SpecIn(folder);
  RETURN_IF_ERROR(ReadTextProto(path, before));
  google::protobuf::util::MessageDifferencer differencer;
  std::string differences;
  differencer.ReportDifferencesToString(&differences);
  if (differencer.Compare(before, spec)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": the run was begun with another spec (",
                   differences.substr(0, differences.find('\n')),
                   "); resume with the same, or name another --output_dir"));
}

}  // namespace

std::string SpecIn(const std::string& folder) {
  return JoinPath(folder, kSpecFile);
}

std::string CheckpointIn(const std::string& folder, const std::string& phase) {
  return JoinPath(JoinPath(folder, kCheckpoints), absl::StrCat(phase, ".ckpt"));
}

std::string ProvenanceIn(const std::string& folder) {
  return JoinPath(folder, "provenance.textproto");
}

std::string TrainedByIn(const std::string& folder, const std::string& phase) {
  return JoinPath(JoinPath(folder, kCheckpoints),
                  absl::StrCat(phase, ".trained_by.textproto"));
}

absl::StatusOr<std::unique_ptr<FileLock>> LockFolder(
    const std::string& folder) {
  const std::string path = JoinPath(folder, kLockFile);
  ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock, FileLock::Try(path));
  if (lock != nullptr) return lock;
  return absl::FailedPreconditionError(
      absl::StrCat(folder, ": another run is going on in it (", LastOwner(path),
                   "); wait for it, or name another --output_dir"));
}

absl::Status RunFolder::Check(const std::string& path, bool resume) {
  if (!FileExists(path)) return absl::OkStatus();
  if (!IsDirectory(path)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": it is not a folder; name another --output_dir"));
  }
  ASSIGN_OR_RETURN(const bool holds_anything, HoldsAnything(path));
  const bool holds_run = FileExists(SpecIn(path));
  if (holds_anything && !holds_run) {
    return absl::FailedPreconditionError(absl::StrCat(
        path,
        ": it holds something that is no run; name another --output_dir"));
  }
  if (holds_run && !resume) {
    return absl::FailedPreconditionError(
        absl::StrCat(path,
                     ": it holds a run already; give --resume to go on with "
                     "it, or name another --output_dir"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RunFolder>> RunFolder::Open(
    const std::string& path, const ExperimentSpec& spec, bool resume) {
  RETURN_IF_ERROR(Check(path, resume));
  const bool holds_run = FileExists(SpecIn(path));
  if (holds_run) RETURN_IF_ERROR(CheckSameSpec(path, spec));
  RETURN_IF_ERROR(MakeDirectories(JoinPath(path, kCheckpoints)));
  ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock, LockFolder(path));
  std::unique_ptr<RunFolder> folder(new RunFolder(path, std::move(lock)));
  // What was seen before the lock may have been another run's first moment.
  if (FileExists(SpecIn(path)) != holds_run) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": another run began in it just now; name another --output_dir"));
  }
  if (!holds_run)
    RETURN_IF_ERROR(WriteFileAtomically(SpecIn(path), ToText(spec)));
  return folder;
}

}  // namespace tritlab
