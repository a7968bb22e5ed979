#include "reports/runs/runs_page.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/made_up_report.h"
#include "reports/page/html.h"
#include "reports/page/markdown.h"
#include "reports/page/page.h"
#include "reports/page/table.h"
#include "reports/report.pb.h"
#include "reports/runs/find_runs.h"
#include "reports/runs/run_results.h"

namespace tritlab {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// A sweep over t, on top of what MadeUpReport holds.
FoundRuns Sweep() {
  FoundRuns found;
  for (const char* t : {"0.02", "0.05", "0.2"}) {
    FoundRun run;
    run.folder = run.point = std::string("s/points/t=") + t;
    run.in_sweep = true;
    run.sweep = "s";
    run.axes = {{"t", t}};
    run.report = MadeUpReport(4, 2);
    run.report.mutable_results(1)->set_top1(80 + found.runs.size());
    run.report.mutable_results(1)->set_weight_bytes(70000 - found.runs.size());
    found.runs.push_back(run);
  }
  return found;
}

std::vector<std::string> HeadingsOf(const Page& page) {
  std::vector<std::string> headings;
  for (const PageElement& element : page.elements) {
    if (const Heading* heading = std::get_if<Heading>(&element))
      headings.push_back(heading->text);
  }
  return headings;
}

std::vector<std::string> TitlesOf(const Table& table) {
  std::vector<std::string> titles;
  for (const Column& column : table.columns) titles.push_back(column.title);
  return titles;
}

// Protects: the table first, then bytes, energy, and what the sweep varies.
TEST(RunsPage, TableThenPictures) {
  const Page page = RunsPage("folder", Sweep());
  EXPECT_EQ(page.title, "Runs in folder");
  EXPECT_EQ(page.lead, "3 runs, 4 results");
  const PageTable& table = std::get<PageTable>(page.elements[0]);
  EXPECT_TRUE(table.sortable);
  EXPECT_EQ(table.table.rows.size(), 4u);
  EXPECT_THAT(table.table.caption, HasSubstr("resnet20 on cifar10, bf16."));
  const std::vector<std::string> headings = HeadingsOf(page);
  ASSERT_GE(headings.size(), 3u);
  EXPECT_EQ(headings.front(), "Accuracy against bytes");
  EXPECT_THAT(headings, Contains("Accuracy against energy, 45 nm f32"));
  EXPECT_THAT(headings, Contains("Accuracy by t, sweep s"));
  EXPECT_EQ(headings.back(), "How training went, point by point, sweep s");
}

// Protects: runs on other images are not compared in one picture.
TEST(RunsPage, DatasetsHavePicturesOfTheirOwn) {
  FoundRuns found = Sweep();
  Report& other = found.runs[2].report;
  other.mutable_provenance()->set_dataset("tiny_imagenet");
  other.mutable_provenance()->set_data_checksum("other");
  const Page page = RunsPage("folder", found);
  EXPECT_THAT(HeadingsOf(page),
              Contains("Accuracy against bytes on tiny_imagenet"));
  EXPECT_THAT(HeadingsOf(page), Contains("Accuracy against bytes on cifar10"));
  EXPECT_THAT(TitlesOf(std::get<PageTable>(page.elements[0]).table),
              Contains("dataset"));
}

// Protects: a point that has not reached its last phase yet is no point of the
// picture.
TEST(RunsPage, UnfinishedPointsAreNotDrawn) {
  FoundRuns found = Sweep();
  found.runs[0].report.mutable_results()->RemoveLast();
  const Page page = RunsPage("folder", found);
  int drawn = 0;
  for (const PageElement& element : page.elements) {
    const Figure* const figure = std::get_if<Figure>(&element);
    if (figure == nullptr || figure->plot.name != "sweep_1_axis_0") continue;
    ++drawn;
    EXPECT_EQ(figure->plot.series[0].name, "ttq");
    EXPECT_EQ(figure->plot.series[0].points.size(), 2u);
  }
  EXPECT_EQ(drawn, 1);
}

TEST(RunsPage, OneRunHasItsTableAlone) {
  FoundRuns found;
  found.runs.resize(1);
  found.runs[0].point = "a";
  found.missing = {"b/report.json: damaged"};
  const Page page = RunsPage("folder", found);
  EXPECT_THAT(HeadingsOf(page), ElementsAre());
  EXPECT_EQ(std::get<Notes>(page.elements.back()).lines, found.missing);
}

// Protects: columns without anything in them, and what all rows have in
// common, take no room.
TEST(RunsTable, LeavesOutEmptyColumns) {
  FoundRuns found = Sweep();
  std::vector<RunResult> results = ResultsOf(found.runs);
  EXPECT_THAT(TitlesOf(RunsTable("x", results)),
              testing::AllOf(Contains("paper %"), Contains("difference"),
                             Not(Contains("\u00b1")), Not(Contains("network")),
                             Contains("\u00b5J, 45 nm int8")));
  for (RunResult& result : results) {
    result.paper_top1.reset();
    result.energy_pj.clear();
    result.top1_deviation = 0.125;
  }
  const Table table = RunsTable("x", results);
  EXPECT_THAT(TitlesOf(table),
              testing::AllOf(Not(Contains("paper %")),
                             Not(Contains("difference")), Contains("\u00b1")));
  EXPECT_THAT(table.caption, Not(HasSubstr("energy")));
  for (const auto& row : table.rows)
    EXPECT_EQ(row.size(), table.columns.size());
  EXPECT_EQ(table.rows[0][0], "s: t=0.02 and 2 others");
}

// Protects: the page runs its own script and no other, and Markdown has its
// rows as well.
TEST(RunsPage, Renders) {
  FoundRuns found = Sweep();
  found.runs[0].sweep = "<script>alert(1)</script>";
  const Page page = RunsPage("<b>", found);
  const std::string html = PageToHtml(page);
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_EQ(html.find("<script>"), html.rfind("<script"));
  EXPECT_NE(html.find("script-src 'sha256-"), std::string::npos);
  EXPECT_NE(html.find("class=\"sortable\""), std::string::npos);
  EXPECT_EQ(html.find("<b>"), std::string::npos);
  EXPECT_THAT(PageToMarkdown(page), HasSubstr("| s: t=0.05 | ttq |"));
}

}  // namespace
}  // namespace tritlab
