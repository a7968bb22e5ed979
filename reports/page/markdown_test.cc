#include "reports/page/markdown.h"

#include <algorithm>
#include <limits>
#include <string>

#include "gtest/gtest.h"
#include "reports/made_up_report.h"
#include "reports/report.pb.h"
#include "reports/run/report_page.h"

namespace tritlab {
namespace {

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// Protects: the order that a reader relies on, the summary first.
TEST(PageToMarkdown, SummaryThenPhasesThenWhatWasRun) {
  const std::string text = PageToMarkdown(ReportPage(MadeUpReport()));
  size_t last = 0;
  for (const char* part :
       {"# made_up_resnet20, seed 7\n",
        "| phase | top-1 % | paper % | difference | best % (epoch) |",
        "Paper, ttq", "## Energy", "## Phase full_precision", "### Layers",
        "### Accuracy by epoch", "## Phase ttq", "## What was run",
        "0123abc-dirty", "The same commit, spec, seed and images give"}) {
    const size_t at = text.find(part, last);
    ASSERT_NE(at, std::string::npos) << part << "\n" << text;
    last = at;
  }
  EXPECT_EQ(text.back(), '\n');
  EXPECT_NE(text[text.size() - 2], '\n');
}

// Protects: every line of a table has as many cells as its head.
TEST(PageToMarkdown, NamesCannotBreakATable) {
  Report report = MadeUpReport();
  report.mutable_results(1)->set_name("a|b\n*c* <script>");
  report.mutable_results(1)->mutable_layers(1)->set_name("x | y");
  const std::string text = PageToMarkdown(ReportPage(report));
  EXPECT_NE(text.find("| a\\|b \\*c\\* \\<script\\> |"), std::string::npos)
      << text;
  EXPECT_NE(text.find("| x \\| y |"), std::string::npos);
  EXPECT_EQ(Count(text, "<"), Count(text, "\\<"));
}

TEST(EscapeMarkdown, LeavesOrdinaryNamesAlone) {
  EXPECT_EQ(EscapeMarkdown("full_precision"), "full_precision");
  EXPECT_EQ(EscapeMarkdown("stage1/block2.conv"), "stage1/block2.conv");
  EXPECT_EQ(EscapeMarkdown("_a_ `b` [c](d)"), "\\_a\\_ \\`b\\` \\[c\\](d)");
}

TEST(PageToMarkdown, ZeroEpochsAndNaN) {
  Report report = MadeUpReport(2, 0);
  report.mutable_results(0)->set_loss(std::numeric_limits<double>::quiet_NaN());
  report.mutable_results(0)->mutable_layers(0)->set_sparsity(
      std::numeric_limits<double>::quiet_NaN());
  const std::string text = PageToMarkdown(ReportPage(report));
  EXPECT_EQ(Count(text, "### Accuracy by epoch"), 0);
  EXPECT_EQ(Count(text, "no epoch was trained"), 2);
  EXPECT_NE(text.find("NaN"), std::string::npos);
  EXPECT_NE(PageToMarkdown(ReportPage(Report())).find("No phase has finished."),
            std::string::npos);
}

}  // namespace
}  // namespace tritlab
