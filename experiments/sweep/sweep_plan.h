// From a sweep's points to the runs that have to be done, and in which order.
#ifndef TRITLAB_EXPERIMENTS_SWEEP_SWEEP_PLAN_H_
#define TRITLAB_EXPERIMENTS_SWEEP_SWEEP_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "experiments/spec.pb.h"
#include "experiments/sweep/sweep.h"
#include "reports/report.pb.h"

namespace tritlab {

// Which of the runs a process does: those numbered index, index + count, ...
struct Shard {
  int index = 1;  // 1 to count
  int count = 1;
};

// From "2/8". InvalidArgument for anything else.
absl::StatusOr<Shard> ParseShard(absl::string_view text);

// A point with one seed, or a phase that several of those have in common.
struct SweepRun {
  std::string name;     // for people: "threshold=0.05 seed 2"
  std::string folder;   // the run's; beside it FOLDER.textproto, FOLDER.log
  ExperimentSpec spec;  // with the one seed
  int point = -1;       // index among the points; -1: a shared phase
  std::vector<int> needs = {};  // indices of shared phases, earlier in the list
  bool wanted = false;          // by this shard
};

// All runs of the sweep, shared phases first; those that this shard has to see
// done are wanted. Points go to FOLDER/points/NAME, or NAME/seed-N where
// there is more than one seed; a phase that more than one of them has goes to
// SHARED_PHASES/KEY. Each process of a sharded sweep makes the same plan.
std::vector<SweepRun> PlanSweep(const Sweep& sweep, const std::string& folder,
                                const std::string& shared_phases,
                                const Shard& shard);

// The report of a run that is over: it has a result for each phase, and the
// folder's spec is the run's. NotFound otherwise.
absl::StatusOr<Report> FinishedReport(const SweepRun& run);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_SWEEP_SWEEP_PLAN_H_
