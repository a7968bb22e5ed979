// The page over many runs.
#ifndef TRITLAB_REPORTS_RUNS_RUNS_PAGE_H_
#define TRITLAB_REPORTS_RUNS_RUNS_PAGE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "reports/page/page.h"
#include "reports/page/table.h"
#include "reports/runs/find_runs.h"
#include "reports/runs/run_results.h"

namespace tritlab {

// All phases of all runs in one table that sorts; for each dataset, accuracy
// against bytes and against energy with the Pareto front; for each sweep,
// accuracy by what it varies, and how its points' ternary weights moved side by
// side. `name` is what the folder is called.
Page RunsPage(absl::string_view name, const FoundRuns& found);

// One row a result. Columns that no result has a value for are left out, and
// network and dataset where all have the same.
Table RunsTable(absl::string_view name, const std::vector<RunResult>& results);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUNS_RUNS_PAGE_H_
