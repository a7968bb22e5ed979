// Runs in a folder, and where each stands in the sweep that it belongs to.
//
// A run is a folder with report.json. A run in SWEEP/points/NAME, or below it
// in seed-N, is a point of a sweep: NAME is as in point_name.h, and
// SWEEP/sweep.csv, where it is there already, has the values as they are shown
// and says which points failed. A sweep without it is not over.
#ifndef TRITLAB_REPORTS_RUNS_FIND_RUNS_H_
#define TRITLAB_REPORTS_RUNS_FIND_RUNS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reports/report.pb.h"
#include "reports/runs/point_name.h"

namespace tritlab {

struct FoundRun {
  // Below the folder that was searched; "." is that folder itself.
  std::string folder;
  // The same for runs that differ in the seed only: `folder` without its
  // "seed-N"; "." where nothing is left.
  std::string point;
  bool in_sweep = false;
  std::string sweep;            // the sweep's folder, as `folder` is given
  std::vector<AxisValue> axes;  // of the point, in the sweep's order
  Report report;
};

struct FoundRuns {
  std::vector<FoundRun> runs;
  // What should have been a run and is not, and why: one line each.
  std::vector<std::string> missing;
};

// Whether the run has come to its end: report.json is written after each phase,
// and describes the packed model after the last one.
bool IsOver(const FoundRun& run);

// All runs in `directory` and below it, by folder, numbers in names by value.
// Links to folders are not followed. NotFound when there is no run.
absl::StatusOr<FoundRuns> FindRuns(const std::string& directory);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUNS_FIND_RUNS_H_
