// What a comparison with a baseline says, for people: a table for the terminal
// and a page for a pull request.
#ifndef TRITLAB_REPORTS_REGRESSION_REGRESSION_PAGE_H_
#define TRITLAB_REPORTS_REGRESSION_REGRESSION_PAGE_H_

#include <string>

#include "reports/page/page.h"
#include "reports/page/table.h"
#include "reports/regression/regression.h"

namespace tritlab {

// "builtin.method-ttq, quantized: top1".
std::string WhatOf(const ComparedNumber& number);

// What, baseline, now, allowed, verdict: all numbers, or those that are not the
// same.
Table VerdictTable(const Comparison& comparison, bool only_moved);

// "1 of 42 numbers regressed, 2 are better", "42 numbers as in the baseline".
std::string Summary(const Comparison& comparison);

// What moved first, then everything.
Page RegressionPage(const Comparison& comparison, const std::string& commit);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_REGRESSION_REGRESSION_PAGE_H_
