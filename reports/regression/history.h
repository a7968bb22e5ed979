// The history of comparisons: a file with one line of JSON for each
// (history.proto), the last one last.
#ifndef TRITLAB_REPORTS_REGRESSION_HISTORY_H_
#define TRITLAB_REPORTS_REGRESSION_HISTORY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reports/regression/history.pb.h"
#include "reports/regression/regression.h"

namespace tritlab {

// NaN, which stands for no number, is left out.
HistoryRecord RecordOf(const Comparison& comparison, const std::string& time,
                       const std::string& commit);

// No records where there is no file. InvalidArgument, naming the line.
absl::StatusOr<std::vector<HistoryRecord>> ReadHistory(const std::string& path);

// The file with one more line, or as it was; InvalidArgument, as above, where
// it is no history. Waits for others who append to it;
// PATH.lock stays beside it.
absl::Status AppendToHistory(const HistoryRecord& record,
                             const std::string& path);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_REGRESSION_HISTORY_H_
