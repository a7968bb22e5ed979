// Baselines as files: text protos that are committed.
#ifndef TRITLAB_REPORTS_REGRESSION_BASELINE_FILE_H_
#define TRITLAB_REPORTS_REGRESSION_BASELINE_FILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reports/regression/baseline.pb.h"
#include "reports/regression/tracked_numbers.h"

namespace tritlab {

// NotFound when there is no such file; InvalidArgument with line and column.
absl::StatusOr<Baseline> ReadBaseline(const std::string& path);

// Whole or not at all.
absl::Status WriteBaseline(const Baseline& baseline, const std::string& path);

// Sets mean, deviation and seeds of all that was measured, and adds why. How a
// number is judged stays as the baseline has it; numbers new to it are judged
// as `measured` says; those that are not finite on their normal scale in every
// seed are left out. With `whole`, entries that were not measured go. A
// baseline that does not say so allows false alarms in 0.1 % of comparisons.
void UpdateBaseline(const std::vector<MeasuredEntry>& measured, bool whole,
                    const BaselineUpdate& update, Baseline& baseline);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_REGRESSION_BASELINE_FILE_H_
