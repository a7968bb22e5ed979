// The table of a sweep, sweep.csv: a line a point, the columns of the axes and
// then these. //experiments:sweep writes it, find_runs.h reads it.
#ifndef TRITLAB_REPORTS_RUNS_SWEEP_CSV_H_
#define TRITLAB_REPORTS_RUNS_SWEEP_CSV_H_

#include "absl/strings/string_view.h"

namespace tritlab {

// Costs in epochs, seconds and multiply-adds: of what was trained after the
// first phase, and of all.
inline constexpr absl::string_view kSweepColumns[] = {
    "phase",
    "status",
    "seeds",
    "top1",
    "top1_deviation",
    "start_top1",
    "weight_sparsity",
    "weight_bytes",
    "retraining_epochs",
    "retraining_seconds",
    "retraining_multiply_adds",
    "all_epochs",
    "all_seconds",
    "all_multiply_adds",
};

// What the column "status" says of a point. A point is done when all its seeds
// are; one that has failed in one seed has failed.
inline constexpr absl::string_view kPointDone = "done";
inline constexpr absl::string_view kPointFailed = "failed";
inline constexpr absl::string_view kPointNotRun = "not_run";

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUNS_SWEEP_CSV_H_
