// Removes the redundant filters from a network that a run has trained:
//
//   bazel run //experiments:remove_filters -- --run=FOLDER --data_root=DIR
//       [--phase=NAME] [--epochs=N] [--output_dir=DIR] [--resume]
//
// The run's folder stays as it is; what comes of it is in a new one
// (remove_filters.h). Exit status: 0 done, 1 re-training failed, 2 bad flags,
// run or data; 130 re-training was stopped by Ctrl-C or SIGTERM, with a
// checkpoint to go on from.

#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "experiments/filters/remove_filters.h"
#include "experiments/output_folder.h"
#include "experiments/stop_request.h"
#include "kernels/threads_flag.h"
#include "reports/page/table.h"
#include "reports/run/filter_removal.h"

ABSL_FLAG(std::string, run, "", "the folder of a run");
ABSL_FLAG(
    std::string, phase, "",
    "the finished phase whose network is taken; when not given, the last");
ABSL_FLAG(std::string, data_root, "data",
          "the folder that holds datasets under their usual names");
ABSL_FLAG(std::string, output_dir, "",
          "a new folder, or with --resume the one that is gone on in; when "
          "not given, RUN-filters-removed under runs/ in the workspace");
ABSL_FLAG(int32_t, epochs, 0,
          "epochs of re-training by the phase's recipe (of each stage, where "
          "it has some); 0: none");
ABSL_FLAG(bool, resume, false,
          "go on with a re-training that was stopped or killed, from its last "
          "checkpoint: the same command otherwise");
ABSL_FLAG(int32_t, threads, 0, "threads to compute with; 0: one a processor");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Removes filters that a trained network does not need, and says what that "
    "did.\n"
    "  --run=FOLDER --data_root=DIR [--phase=NAME] [--epochs=N] "
    "[--output_dir=DIR] [--resume]";

// The last part of a path.
std::string BaseName(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path.substr(path.find_last_of('/') + 1);
}

absl::Status Main(int argc, char** argv) {
  RETURN_IF_ERROR(ParseCommandLine(argc, argv, kUsage).status());
  FilterRemovalOptions options = {
      .run = FromWorkingDirectory(absl::GetFlag(FLAGS_run)),
      .phase = absl::GetFlag(FLAGS_phase),
      .data_root = FromWorkingDirectory(absl::GetFlag(FLAGS_data_root)),
      .folder = FromWorkingDirectory(absl::GetFlag(FLAGS_output_dir)),
      .epochs = absl::GetFlag(FLAGS_epochs),
      .resume = absl::GetFlag(FLAGS_resume),
      .stop_requested = StopRequested,
      .on_stoppable = MayStopAtOnce};
  if (options.run.empty()) {
    return absl::InvalidArgumentError(
        "--run: not given; name the folder of a run");
  }
  if (options.epochs < 0)
    return absl::InvalidArgumentError("--epochs: it must be at least 0");
  RETURN_IF_ERROR(ApplyThreadsFlag(absl::GetFlag(FLAGS_threads)));
  if (options.folder.empty()) {
    options.folder = DefaultOutputFolder(
        absl::StrCat(BaseName(options.run), "-filters-removed"),
        options.resume);
  }
  const std::string go_on_with = absl::StrCat(
      "the same command, with --resume --output_dir=", options.folder);
  CatchStopRequests(go_on_with, /*speaks=*/true);
  const absl::StatusOr<Report> done = RemoveFiltersOfRun(options);
  if (absl::IsCancelled(done.status())) {
    return absl::CancelledError(
        absl::StrCat(done.status().message(), "; go on with: ", go_on_with));
  }
  ASSIGN_OR_RETURN(const Report report, done);
  std::printf("%s\n%s\n", AlignedText(FilterRemovalTableOf(report)).c_str(),
              options.folder.c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
