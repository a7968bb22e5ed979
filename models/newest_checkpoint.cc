#include "models/newest_checkpoint.h"

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "base/all_finite.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

std::string Previous(const std::string& path) { return path + ".previous"; }

}  // namespace

absl::Status WriteNewestCheckpoint(const Checkpoint& checkpoint,
                                   const std::string& path) {
  for (const auto& [name, values] : checkpoint.tensors) {
    if (!AllFinite(values)) {
      return absl::AbortedError(absl::StrCat(
          path, ": ", name,
          " has values that are not finite; the checkpoint before is kept; "
          "lower schedule.learning_rate"));
    }
  }
  return WriteCheckpoint(checkpoint, path, Previous(path));
}

absl::StatusOr<Checkpoint> ReadNewestCheckpoint(const std::string& path,
                                                const Graph& graph) {
  if (!FileExists(path) && !FileExists(Previous(path))) {
    return absl::NotFoundError(absl::StrCat(path, ": no checkpoint there"));
  }
  absl::StatusOr<Checkpoint> newest = ReadCheckpoint(path, graph);
  if (newest.ok() || !FileExists(Previous(path))) return newest;
  // One that could not be read now is not damaged for that.
  if (FileExists(path) && !absl::IsDataLoss(newest.status()) &&
      !absl::IsInvalidArgument(newest.status()))
    return newest;
  absl::StatusOr<Checkpoint> previous = ReadCheckpoint(Previous(path), graph);
  if (!FileExists(path)) return previous;
  if (!previous.ok()) return newest;
  std::fprintf(stderr, "warning: %s; going on from the checkpoint before it\n",
               std::string(newest.status().message()).c_str());
  // Out of the way: the next checkpoint must not push out the good one.
  const std::string aside = path + ".damaged";
  if (std::rename(path.c_str(), aside.c_str()) != 0) {
    return FileError(errno, path, "cannot rename");
  }
  return previous;
}

}  // namespace tritlab
