// Verdicts as JUnit's XML, which CI servers show as tests.
#ifndef TRITLAB_REPORTS_REGRESSION_JUNIT_H_
#define TRITLAB_REPORTS_REGRESSION_JUNIT_H_

#include <string>

#include "reports/regression/regression.h"

namespace tritlab {

// One test case a number, of the class EXPERIMENT.PHASE; those that were not
// judged are skipped.
std::string JUnitXml(const Comparison& comparison);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_REGRESSION_JUNIT_H_
