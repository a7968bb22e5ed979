// Runs a family of experiments: `sweep --spec=FILE --data_root=DIR
// --output_dir=DIR`. Exit status: 0 done, 1 a run failed, 2 bad flags, spec or
// data; 130 stopped by Ctrl-C or SIGTERM, to go on from.

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/file_lock.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "experiments/output_folder.h"
#include "experiments/spec_file.h"
#include "experiments/sweep/sweep.h"
#include "experiments/sweep/sweep_check.h"
#include "experiments/sweep/sweep_plan.h"
#include "experiments/sweep/sweep_runs.h"
#include "experiments/sweep/sweep_table.h"
#include "google/protobuf/util/message_differencer.h"
#include "kernels/threads.h"
#include "reports/write_report.h"
#include "training/mpi/launch.h"

ABSL_FLAG(std::string, spec, "",
          "the sweep: a text proto, experiments/sweeps/NAME.textproto");
ABSL_FLAG(std::string, data_root, "data",
          "the folder that holds datasets under their usual names");
ABSL_FLAG(std::string, output_dir, "",
          "the sweep's folder; when not given, runs/NAME in the workspace. A "
          "sweep that was begun there goes on");
ABSL_FLAG(std::string, shared_phases, "",
          "the folder of phases that runs have in common; when not given, "
          "shared in the sweep's. Sweeps that name the same one share them");
ABSL_FLAG(int32_t, jobs, 1, "runs at once");
ABSL_FLAG(int32_t, threads, 0,
          "threads to compute with, divided among the jobs; 0: one a "
          "processor");
ABSL_FLAG(std::string, shard, "1/1",
          "I/N: do each N-th run from the I-th on; others do the rest, in the "
          "same folder");
ABSL_FLAG(std::string, run_binary, "",
          "the program that does one run; when not given, the `run` beside "
          "this one, or in the folder above");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Runs a family of experiments, each in a folder of its own, and prints one "
    "table.\n"
    "  --set path=value  sets a field of every point, as often as given: --set "
    "phases.ttq.epochs=3";

volatile std::sig_atomic_t stops = 0;
void RequestStop(int) { stops = stops + 1; }

absl::StatusOr<std::string> FindRunBinary() {
  const std::string flag = absl::GetFlag(FLAGS_run_binary);
  std::vector<std::string> candidates = {FromWorkingDirectory(flag), flag};
  if (flag.empty()) {
    std::error_code ignored;
    const std::filesystem::path here =
        std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
    // Bazel builds it one folder further up.
    candidates = {(here / "run").string(),
                  (here.parent_path() / "run").string()};
  }
  for (const std::string& path : candidates) {
    if (!IsDirectory(path) && access(path.c_str(), X_OK) == 0) return path;
  }
  return absl::NotFoundError(
      absl::StrCat("--run_binary: there is no program ", candidates.back(),
                   "; name the one that //experiments:run builds"));
}

absl::StatusOr<int> PositiveFlag(const char* name, int value, int least) {
  if (value >= least && value <= 1024) return value;
  return absl::InvalidArgumentError(
      absl::StrCat("--", name, ": it must be ", least, " to 1024"));
}

// The folder is made, or holds this very sweep.
absl::Status EnterFolder(const std::string& folder, const SweepRecord& record) {
  constexpr char kHint[] = "name another --output_dir";
  if (FileExists(folder) && !IsDirectory(folder)) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder, ": it is not a folder; ", kHint));
  }
  const std::string path = JoinPath(folder, "sweep.textproto");
  if (!FileExists(path) && FileExists(folder)) {
    ASSIGN_OR_RETURN(const std::vector<std::string> names,
                     ListDirectory(folder));
    for (const std::string& name : names) {
      // What another process that begins the same sweep has made by now.
      if (name == ".lock" || name == "sweep.textproto.partial" ||
          FileExists(path))
        continue;
      return absl::FailedPreconditionError(absl::StrCat(
          folder, ": it holds something that is no sweep; ", kHint));
    }
  }
  RETURN_IF_ERROR(MakeDirectories(folder));
  ASSIGN_OR_RETURN(const auto lock, FileLock::Wait(JoinPath(folder, ".lock")));
  if (!FileExists(path)) return WriteFileAtomically(path, ToText(record));
  SweepRecord before;
  RETURN_IF_ERROR(ReadTextProto(path, before));
  google::protobuf::util::MessageDifferencer differencer;
  std::string differences;
  differencer.ReportDifferencesToString(&differences);
  if (differencer.Compare(before, record)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      path, ": it holds another sweep (",
      differences.substr(0, differences.find('\n')), "); ", kHint));
}

// What is known of all points by now, whichever process did them.
std::vector<SweepOutcome> Outcomes(const Sweep& sweep,
                                   const std::vector<SweepRun>& runs) {
  std::vector<SweepOutcome> outcomes(sweep.points.size());
  for (size_t i = 0; i < sweep.points.size(); ++i) {
    outcomes[i].name = sweep.points[i].name;
    outcomes[i].labels = sweep.points[i].labels;
  }
  for (const SweepRun& run : runs) {
    if (run.point < 0) continue;
    SweepOutcome& outcome = outcomes[run.point];
    absl::StatusOr<Report> report = FinishedReport(run);
    if (report.ok()) {
      outcome.reports.push_back(*std::move(report));
    } else if (std::string failure = FailureOf(run); !failure.empty()) {
      outcome.failures.push_back(std::move(failure));
    } else {
      ++outcome.not_run;
    }
  }
  return outcomes;
}

// Under the lock, so that of two shards that end together the later one, which
// sees what both have done, writes last.
absl::Status WriteTables(const std::string& folder, const Sweep& sweep,
                         const std::vector<SweepRun>& runs) {
  ASSIGN_OR_RETURN(const auto lock, FileLock::Wait(JoinPath(folder, ".lock")));
  const SweepSpec& spec = sweep.record.sweep();
  const std::vector<SweepOutcome> outcomes = Outcomes(sweep, runs);
  RETURN_IF_ERROR(WriteFileAtomically(JoinPath(folder, "sweep.csv"),
                                      SweepCsv(spec, outcomes)));
  RETURN_IF_ERROR(WriteFileAtomically(JoinPath(folder, "sweep.md"),
                                      SweepMarkdown(spec, outcomes)));
  const bool any_done = std::any_of(
      outcomes.begin(), outcomes.end(),
      [](const SweepOutcome& outcome) { return !outcome.reports.empty(); });
  if (any_done) RETURN_IF_ERROR(RenderRuns(folder));
  std::printf("%s\n%s\n", AlignedText(SweepTable(spec, outcomes)).c_str(),
              folder.c_str());
  return absl::OkStatus();
}

absl::Status Main(int argc, char** argv) {
  ASSIGN_OR_RETURN(const CommandLine command_line,
                   ParseCommandLine(argc, argv, kUsage, {"set"}));
  if (absl::GetFlag(FLAGS_spec).empty()) {
    return absl::InvalidArgumentError(
        "--spec: not given; name a sweep, such as "
        "experiments/sweeps/ttq_threshold.textproto");
  }
  ASSIGN_OR_RETURN(const int jobs,
                   PositiveFlag("jobs", absl::GetFlag(FLAGS_jobs), 1));
  ASSIGN_OR_RETURN(int threads,
                   PositiveFlag("threads", absl::GetFlag(FLAGS_threads), 0));
  if (threads == 0) threads = Threads();
  ASSIGN_OR_RETURN(const Shard shard, ParseShard(absl::GetFlag(FLAGS_shard)));
  ASSIGN_OR_RETURN(const std::string run_binary, FindRunBinary());
  std::vector<std::string> settings;
  for (const auto& [flag, setting] : command_line.repeated)
    settings.push_back(setting);

  // Everything that may turn out to be wrong, before anything runs.
  const std::string path = FromWorkingDirectory(absl::GetFlag(FLAGS_spec));
  const std::string data_root =
      FromWorkingDirectory(absl::GetFlag(FLAGS_data_root));
  ASSIGN_OR_RETURN(const Sweep sweep, LoadSweep(path, settings));
  RETURN_IF_ERROR(WithPrefix(path, CheckPoints(sweep.points, data_root)));
  std::string folder = FromWorkingDirectory(absl::GetFlag(FLAGS_output_dir));
  if (folder.empty())
    folder = DefaultOutputFolder(sweep.record.sweep().name(), /*resume=*/true);
  std::string shared_phases =
      FromWorkingDirectory(absl::GetFlag(FLAGS_shared_phases));
  if (FileExists(shared_phases) && !IsDirectory(shared_phases)) {
    return absl::FailedPreconditionError(
        absl::StrCat("--shared_phases: ", shared_phases,
                     " is no folder; name one, or a new one"));
  }
  RETURN_IF_ERROR(EnterFolder(folder, sweep.record));
  if (shared_phases.empty()) shared_phases = JoinPath(folder, "shared");
  RETURN_IF_ERROR(MakeDirectories(shared_phases));

  ForgetLaunch();  // each run is alone, however many sweeps share them
  std::signal(SIGPIPE, SIG_IGN);  // runs ignore it as well
  std::signal(SIGINT, RequestStop);
  std::signal(SIGTERM, RequestStop);
  const std::vector<SweepRun> runs =
      PlanSweep(sweep, folder, shared_phases, shard);
  ASSIGN_OR_RETURN(const int failed,
                   ExecuteRuns(runs, {.run_binary = run_binary,
                                      .data_root = data_root,
                                      .shared_phases = shared_phases,
                                      .jobs = jobs,
                                      .threads = threads,
                                      .stops = [] { return stops; }}));
  RETURN_IF_ERROR(WriteTables(folder, sweep, runs));
  if (failed == 0) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat(failed, failed == 1 ? " run" : " runs",
                                         " failed; the logs are in ", folder,
                                         "; the same command tries again"));
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
