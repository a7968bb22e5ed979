// The page of one run.
#ifndef TRITLAB_REPORTS_RUN_REPORT_PAGE_H_
#define TRITLAB_REPORTS_RUN_REPORT_PAGE_H_

#include "reports/page/page.h"
#include "reports/report.pb.h"

namespace tritlab {

// The summary first (this run, the paper's figure, the difference), then
// pictures, then what the run took and holds, then each phase by layer and
// epoch, at the end what was run.
Page ReportPage(const Report& report);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUN_REPORT_PAGE_H_
