// The table that a run ends with on the terminal.
#ifndef TRITLAB_REPORTS_RUN_SUMMARY_H_
#define TRITLAB_REPORTS_RUN_SUMMARY_H_

#include <string>

#include "reports/report.pb.h"

namespace tritlab {

// Aligned plain text, one line a phase: top-1, the paper's and the difference
// where there is one, weight sparsity, bytes of weights, how many times
// smaller that is than 4 bytes each, seconds. Ends with a newline.
std::string SummaryTable(const Report& report);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUN_SUMMARY_H_
