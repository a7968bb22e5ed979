// A report with made-up figures, for tests of the renderings: two phases, one
// of them compared with a paper, every field set.
#ifndef TRITLAB_REPORTS_MADE_UP_REPORT_H_
#define TRITLAB_REPORTS_MADE_UP_REPORT_H_

#include "reports/report.pb.h"

namespace tritlab {

// `layers` and `epochs` for each of the two phases.
Report MadeUpReport(int layers = 4, int epochs = 3);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_MADE_UP_REPORT_H_
