// Runs an experiment: `run --spec=FILE --data_root=DIR --output_dir=DIR`. Exit
// status: 0 done, 1 the run failed, 2 bad flags, spec or data; 130 stopped by
// Ctrl-C or SIGTERM, with a checkpoint to go on from.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "experiments/estimate.h"
#include "experiments/output_folder.h"
#include "experiments/resume_command.h"
#include "experiments/run_folder.h"
#include "experiments/runner.h"
#include "experiments/spec_file.h"
#include "experiments/stop_request.h"
#include "kernels/threads.h"
#include "kernels/threads_flag.h"
#include "reports/run/summary.h"
#include "training/communicator.h"
#include "training/mpi/start_ranks.h"

ABSL_FLAG(std::string, spec, "",
          "the experiment: a text proto, experiments/specs/NAME.textproto");
ABSL_FLAG(std::string, data_root, "data",
          "the folder that holds datasets under their usual names");
ABSL_FLAG(
    std::string, output_dir, "",
    "the run's folder; when not given, a new one under runs/ in the workspace");
ABSL_FLAG(bool, resume, false, "go on with the run in the output folder");
ABSL_FLAG(int32_t, threads, 0, "threads to compute with; 0: one a processor");
ABSL_FLAG(uint32_t, seed, 0, "the seed; 0: the spec's");
ABSL_FLAG(double, checkpoint_seconds, 60,
          "seconds between checkpoints within an epoch; 0: after every step");
ABSL_FLAG(bool, strict, false,
          "stop at an image that cannot be decoded, instead of naming it and "
          "going on without it");
ABSL_FLAG(std::string, shared_phases, "",
          "a folder of phases that other runs have trained; one that this run "
          "has in common with them is taken from there");
ABSL_FLAG(bool, estimate, false,
          "measure a few steps of each phase, print the hours and the memory "
          "that the experiment will take here, and train nothing");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Runs an experiment: trains its phases one after the other and writes a "
    "report.\n"
    "  --set path=value  sets a field of the spec, as often as given: --set "
    "phases.ttq.epochs=3";

// A spec that a target fills in is found where `bazel run` puts it; one that
// the user names, where the user stands.
std::string FindSpec(const std::string& path) {
  const std::string from_user = FromWorkingDirectory(path);
  return FileExists(from_user) ? from_user
         : FileExists(path)    ? path
                               : from_user;
}

absl::StatusOr<ExperimentSpec> LoadSpec(const CommandLine& command_line) {
  if (absl::GetFlag(FLAGS_spec).empty()) {
    return absl::InvalidArgumentError(
        "--spec: not given; name an experiment, such as "
        "experiments/specs/quickstart.textproto");
  }
  const std::string path = FindSpec(absl::GetFlag(FLAGS_spec));
  ExperimentSpec spec;
  RETURN_IF_ERROR(ReadTextProto(path, spec));
  for (const auto& [flag, setting] : command_line.repeated) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("--set ", setting, ": it must be path=value"));
    }
    RETURN_IF_ERROR(
        SetField(setting.substr(0, equals), setting.substr(equals + 1), spec));
  }
  if (const absl::Status status = ValidateSpec(spec); !status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", status.message()));
  }
  return spec;
}

// Whether the ranks (one, when alone) have agreed that all of them begin.
bool begun = false;

absl::Status RunAs(int argc, char** argv, Communicator& ranks) {
  ASSIGN_OR_RETURN(const CommandLine command_line,
                   ParseCommandLine(argc, argv, kUsage, {"set"}));
  ASSIGN_OR_RETURN(const ExperimentSpec spec, LoadSpec(command_line));
  RETURN_IF_ERROR(ApplyThreadsFlag(absl::GetFlag(FLAGS_threads)));
  if (!(absl::GetFlag(FLAGS_checkpoint_seconds) >= 0)) {
    return absl::InvalidArgumentError(
        "--checkpoint_seconds: it must be at least 0");
  }
  const std::string data_root =
      FromWorkingDirectory(absl::GetFlag(FLAGS_data_root));
  const std::string shared_phases =
      FromWorkingDirectory(absl::GetFlag(FLAGS_shared_phases));
  if (!shared_phases.empty() && !IsDirectory(shared_phases)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--shared_phases: ", shared_phases, " is no folder"));
  }

  if (ranks.size() > 1 &&
      (absl::GetFlag(FLAGS_estimate) || !shared_phases.empty())) {
    return absl::InvalidArgumentError(
        "--estimate, --shared_phases: they are for one rank; give them "
        "without mpirun");
  }

  std::vector<uint32_t> seeds(spec.seeds().begin(), spec.seeds().end());
  if (seeds.empty()) seeds = {1};
  if (absl::GetFlag(FLAGS_seed) != 0) seeds = {absl::GetFlag(FLAGS_seed)};
  if (absl::GetFlag(FLAGS_estimate)) {
    ASSIGN_OR_RETURN(const Estimate estimate,
                     EstimateExperiment(spec, data_root));
    std::printf(
        "%s", EstimateTable(estimate, static_cast<int>(seeds.size())).c_str());
    return absl::OkStatus();
  }
  const bool resume = absl::GetFlag(FLAGS_resume);
  std::string folder = FromWorkingDirectory(absl::GetFlag(FLAGS_output_dir));
  if (folder.empty()) folder = DefaultOutputFolder(spec.name(), resume);
  // One run a seed, each in a folder of its own below.
  const auto folder_of = [&](uint32_t seed) {
    return seeds.size() == 1 ? folder
                             : JoinPath(folder, absl::StrCat("seed-", seed));
  };
  if (seeds.size() > 1 && ranks.rank() == 0) {
    if (FileExists(SpecIn(folder))) {
      return absl::FailedPreconditionError(absl::StrCat(
          folder, ": it holds a run of one seed; name another --output_dir"));
    }
    // Before the first of them is trained.
    for (const uint32_t seed : seeds)
      RETURN_IF_ERROR(RunFolder::Check(folder_of(seed), resume));
  }
  // How several ranks were started, only who did it knows.
  const std::string go_on_with =
      ranks.size() > 1
          ? "the same command, with --resume"
          : ResumeCommand({.command_line = {argv, argv + argc},
                           .spec = FindSpec(absl::GetFlag(FLAGS_spec)),
                           .folder = folder,
                           .data_root = data_root,
                           .shared_phases = shared_phases,
                           .threads = Threads()});
  CatchStopRequests(go_on_with, /*speaks=*/ranks.rank() == 0);
  begun = true;
  RETURN_IF_ERROR(Agree(ranks, absl::OkStatus()));
  for (const uint32_t seed : seeds) {
    RunOptions options{
        .data_root = data_root,
        .folder = folder_of(seed),
        .seed = seed,
        .resume = resume,
        .checkpoint_seconds = absl::GetFlag(FLAGS_checkpoint_seconds),
        .strict = absl::GetFlag(FLAGS_strict),
        .shared_phases = shared_phases,
        .stop_requested = StopRequested,
        .on_stoppable = MayStopAtOnce,
        .ranks = &ranks};
    const absl::StatusOr<Report> report = RunExperiment(spec, options);
    if (absl::IsCancelled(report.status())) {
      return absl::CancelledError(absl::StrCat(report.status().message(),
                                               "; go on with: ", go_on_with));
    }
    RETURN_IF_ERROR(report.status());
    if (ranks.rank() == 0) std::printf("%s\n", SummaryTable(*report).c_str());
  }
  if (ranks.rank() == 0) std::printf("%s\n", folder.c_str());
  return absl::OkStatus();
}

absl::Status Main(int argc, char** argv) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Communicator> ranks, StartRanks());
  if (ranks == nullptr) return RunAs(argc, argv, SingleRank());
  absl::Status status;
  try {
    status = RunAs(argc, argv, *ranks);
  } catch (const std::bad_alloc&) {
    // The others do not know, and would wait.
    std::fprintf(stderr, "error: rank %d: not enough memory\n", ranks->rank());
    AbortRanks(2);
  }
  if (!begun) status = Agree(*ranks, status);
  if (!status.ok()) {
    // All ranks know; one says it, and before any of them ends: mpirun kills
    // the others as soon as one has failed.
    if (ranks->rank() == 0) ExitStatus(status);
    ranks->Barrier();
    (void)!std::freopen("/dev/null", "w", stderr);
  }
  return status;
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
