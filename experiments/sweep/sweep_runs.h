// Does the runs of a sweep, each in a process of its own.
#ifndef TRITLAB_EXPERIMENTS_SWEEP_SWEEP_RUNS_H_
#define TRITLAB_EXPERIMENTS_SWEEP_SWEEP_RUNS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "experiments/sweep/sweep_plan.h"

namespace tritlab {

struct SweepRunOptions {
  std::string run_binary;  // //experiments:run
  std::string data_root;
  std::string shared_phases;  // a folder that is there
  int jobs = 1;               // at once
  int threads = 1;            // of all of them together
  // How often the user has asked to stop. Each time is passed on to the
  // processes, which write a checkpoint the first time and end at once the
  // second.
  std::function<int()> stops;
};

// Does the wanted ones of `runs` (PlanSweep) that are not done yet; returns how
// many failed. One line on stderr at the start and the end of each, and what it
// prints itself in FOLDER.log. A run goes on where it was stopped, with as many
// threads as it began with. One that fails leaves the last line of its log in
// FOLDER.failed and does not stop the others, except those that need it. One
// that another process is at is waited for. Cancelled when asked to stop.
absl::StatusOr<int> ExecuteRuns(const std::vector<SweepRun>& runs,
                                const SweepRunOptions& options);

// Why a run failed when it was last tried; empty when it did not.
std::string FailureOf(const SweepRun& run);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_SWEEP_SWEEP_RUNS_H_
