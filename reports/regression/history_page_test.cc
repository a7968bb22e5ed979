#include "reports/regression/history_page.h"

#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gtest/gtest.h"
#include "reports/page/page.h"
#include "reports/regression/history.h"
#include "reports/regression/regression.h"

namespace tritlab {
namespace {

Comparison OneNumber(double now, Verdict verdict) {
  Comparison comparison;
  comparison.numbers = {{.experiment = "quickstart",
                         .phase = "ttq",
                         .name = "top1",
                         .baseline = 94,
                         .now = now,
                         .allowed = 0.5,
                         .verdict = verdict}};
  return comparison;
}

std::string EmptyPath(const std::string& name) {
  const std::string path = JoinPath(testing::TempDir(), name);
  EXPECT_TRUE(WriteFileAtomically(path, "").ok());
  return path;
}

std::vector<Figure> FiguresOf(const Page& page) {
  std::vector<Figure> figures;
  for (const PageElement& element : page.elements) {
    if (const Figure* figure = std::get_if<Figure>(&element))
      figures.push_back(*figure);
  }
  return figures;
}

// Protects: the file grows by a line a comparison, and comes back whole.
TEST(History, GrowsByLines) {
  const std::string path = EmptyPath("history.jsonl");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ASSERT_TRUE(AppendToHistory(
                  RecordOf(OneNumber(94.1, Verdict::kSame), "t1", "c1"), path)
                  .ok());
  ASSERT_TRUE(AppendToHistory(
                  RecordOf(OneNumber(nan, Verdict::kMissing), "t2", "c2"), path)
                  .ok());
  const auto records = ReadHistory(path);
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ((*records)[0].numbers(0).what(), "quickstart, ttq: top1");
  EXPECT_EQ((*records)[0].numbers(0).now(), 94.1);
  EXPECT_FALSE((*records)[0].regressed());
  EXPECT_TRUE((*records)[1].regressed());
  EXPECT_FALSE((*records)[1].numbers(0).has_now());
}

// Protects: of comparisons that end together each has its line.
TEST(History, KeepsWhatIsAppendedAtTheSameTime) {
  const std::string path = EmptyPath("together.jsonl");
  constexpr int kThreads = 4, kRecords = 10;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kRecords; ++j) {
        EXPECT_TRUE(AppendToHistory(
                        RecordOf(OneNumber(94, Verdict::kSame), "t", "c"), path)
                        .ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto records = ReadHistory(path);
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ(records->size(), static_cast<size_t>(kThreads * kRecords));
}

TEST(History, SaysWhichLineIsNone) {
  const std::string path = EmptyPath("bad.jsonl");
  ASSERT_TRUE(WriteFileAtomically(path, "{}\nnonsense\n").ok());
  const absl::Status status = ReadHistory(path).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_NE(status.message().find("bad.jsonl:2:"), std::string::npos) << status;
  // What is no history is not appended to.
  EXPECT_EQ(
      AppendToHistory(RecordOf(OneNumber(94, Verdict::kSame), "t", "c"), path),
      status);
  EXPECT_EQ(*ReadFile(path), "{}\nnonsense\n");
}

TEST(HistoryPage, HasAPlotANumberWithCommitsOnTheAxis) {
  const std::string hash(40, 'a');
  const Page page = HistoryPage(
      {RecordOf(OneNumber(94.1, Verdict::kSame), "t1", hash + "-dirty"),
       RecordOf(OneNumber(91, Verdict::kWorse), "t2", "bbbb")});
  const std::vector<Figure> figures = FiguresOf(page);
  ASSERT_EQ(figures.size(), 1u);
  const Plot& plot = figures[0].plot;
  EXPECT_EQ(plot.y_names,
            (std::vector<std::string>{"aaaaaaaaaa-dirty", "bbbb"}));
  ASSERT_EQ(plot.series.size(), 2u);
  EXPECT_EQ(plot.series[1].points,
            (std::vector<std::pair<double, double>>{{94.1, 0}, {91, 1}}));
  EXPECT_EQ(plot.series[0].spreads, (std::vector<double>{0.5, 0.5}));
  EXPECT_LT(plot.x_range.first, 91);
  EXPECT_GT(plot.x_range.second, 94.5);
}

// Of a long history the end is shown; a number that stands still has an axis.
TEST(HistoryPage, ShowsTheLastOnes) {
  std::vector<HistoryRecord> records;
  for (int i = 0; i < kMostCommits + 5; ++i) {
    records.push_back(RecordOf(OneNumber(94, Verdict::kSame), "t",
                               absl::StrCat("commit ", i)));
    records.back().mutable_numbers(0)->set_allowed(0);
  }
  const std::vector<Figure> figures = FiguresOf(HistoryPage(records));
  ASSERT_EQ(figures.size(), 1u);
  EXPECT_EQ(figures[0].plot.y_names.size(), static_cast<size_t>(kMostCommits));
  EXPECT_EQ(figures[0].plot.y_names[0], "commit 5");
  EXPECT_LT(figures[0].plot.x_range.first, figures[0].plot.x_range.second);
}

}  // namespace
}  // namespace tritlab
