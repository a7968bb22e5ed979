#include "reports/run/summary.h"

#include <limits>
#include <string>

#include "gtest/gtest.h"
#include "reports/made_up_report.h"
#include "reports/report.pb.h"

namespace tritlab {
namespace {

TEST(SummaryTable, IsAligned) {
  Report report = MadeUpReport();
  report.mutable_results(0)->set_top1(86.5);
  report.mutable_results(1)->set_top1(85.875);
  report.mutable_results(1)->set_seconds(1234.56);
  EXPECT_EQ(
      SummaryTable(report),
      "phase           top-1 %  paper %  difference  sparsity %  weight bytes "
      " \u00d7 smaller  seconds\n"
      "--------------  -------  -------  ----------  ----------  ------------ "
      " ---------  -------\n"
      "full_precision    86.50        -           -        0.00        31,936 "
      "       1.0    187.5\n"
      "ttq               85.88    91.13       -5.25       43.00         6,032 "
      "       5.3   1234.6\n"
      "paper: Zhu et al. 2017, table 1\n");
}

TEST(SummaryTable, NothingRanYet) {
  EXPECT_EQ(SummaryTable(Report()), "No phase has finished.\n");
}

// Protects: a run that diverged still ends with its table.
TEST(SummaryTable, PrintsNaN) {
  Report report = MadeUpReport();
  report.mutable_results(0)->set_top1(std::numeric_limits<double>::quiet_NaN());
  EXPECT_NE(SummaryTable(report).find("NaN"), std::string::npos);
}

}  // namespace
}  // namespace tritlab
