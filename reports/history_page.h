// How every tracked number went, from commit to commit.
#ifndef TRITLAB_REPORTS_HISTORY_PAGE_H_
#define TRITLAB_REPORTS_HISTORY_PAGE_H_

#include <string>
#include <vector>

#include "reports/history.pb.h"
#include "reports/page.h"

namespace tritlab {

// One small plot a number: commits from the top downwards, the oldest first,
// the number to the right; dashed, the baseline, with a bar for how far it may
// be off. Of a long history the last kMostCommits.
inline constexpr int kMostCommits = 30;
Page HistoryPage(const std::vector<HistoryRecord>& records);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_HISTORY_PAGE_H_
