// Which choices make the best integer program of a run's network:
//
//   bazel run //experiments:compare_integer_forms -- --run=FOLDER
//       --data_root=DIR
//
// prints top-1 by them; nothing is written. Exit status: 0 done, 2 bad flags,
// run or data.
#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "experiments/finished_phase.h"
#include "experiments/packing/compare_integer_forms.h"
#include "kernels/threads_flag.h"
#include "reports/page/table.h"

ABSL_FLAG(std::string, run, "", "the folder of a run");
ABSL_FLAG(
    std::string, phase, "",
    "the finished phase whose network is taken; when not given, the last");
ABSL_FLAG(std::string, data_root, "data",
          "the folder that holds datasets under their usual names");
ABSL_FLAG(int32_t, threads, 0, "threads to compute with; 0: one a processor");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Compares the integer programs that a trained network can become.\n"
    "  --run=FOLDER --data_root=DIR [--phase=NAME]";

absl::Status Main(int argc, char** argv) {
  RETURN_IF_ERROR(ParseCommandLine(argc, argv, kUsage).status());
  const std::string run = FromWorkingDirectory(absl::GetFlag(FLAGS_run));
  if (run.empty()) {
    return absl::InvalidArgumentError(
        "--run: not given; name the folder of a run");
  }
  RETURN_IF_ERROR(ApplyThreadsFlag(absl::GetFlag(FLAGS_threads)));
  ASSIGN_OR_RETURN(
      FinishedPhase phase,
      ReadFinishedPhase(run, absl::GetFlag(FLAGS_phase),
                        FromWorkingDirectory(absl::GetFlag(FLAGS_data_root))));
  ASSIGN_OR_RETURN(const Table table, CompareIntegerForms(phase));
  std::printf("%s\n%s\n", AlignedText(table).c_str(), table.caption.c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
