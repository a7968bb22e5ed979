// How every tracked number went, from commit to commit.
#ifndef TRITLAB_REPORTS_REGRESSION_HISTORY_PAGE_H_
#define TRITLAB_REPORTS_REGRESSION_HISTORY_PAGE_H_

#include <string>
#include <vector>

#include "reports/page/page.h"
#include "reports/regression/history.pb.h"

namespace tritlab {

// So many of a long history are shown, the last ones.
inline constexpr int kMostCommits = 30;

// A table of the comparisons, then one small plot a number under the heading of
// its experiment and phase: commits from the top downwards, the oldest first,
// the number to the right; dashed, the baseline, with a bar for how far it may
// be off. `records` are in the order in which they were made, as ReadHistory
// gives them; without any the table is empty and there are no plots. A number
// that a record lacks is a gap.
Page HistoryPage(const std::vector<HistoryRecord>& records);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_REGRESSION_HISTORY_PAGE_H_
