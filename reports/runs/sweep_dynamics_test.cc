#include "reports/runs/sweep_dynamics.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/made_up_report.h"
#include "reports/page/plot.h"
#include "reports/report.pb.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

FoundRuns Sweep(int points) {
  FoundRuns found;
  for (int i = 0; i < points; ++i) {
    for (int seed = 1; seed <= 2; ++seed) {
      FoundRun run;
      run.point = absl::StrCat("s/points/multipliers=", i);
      run.folder = absl::StrCat(run.point, "/seed-", seed);
      run.in_sweep = true;
      run.sweep = "s";
      run.axes = {{"multipliers", absl::StrCat("value ", i)}};
      run.report = MadeUpReport(9, 4);
      found.runs.push_back(run);
    }
  }
  return found;
}

// Protects: each point once, beside the others, in the table and as a colour.
TEST(SweepDynamics, PointsSideBySide) {
  const std::vector<SweepDynamics> all = DynamicsOfSweeps(Sweep(4));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].sweep, "s");
  const Table& table = all[0].table;
  ASSERT_EQ(table.rows.size(), 4u);
  for (const auto& row : table.rows)
    EXPECT_EQ(row.size(), table.columns.size());
  EXPECT_EQ(table.columns[0].title, "multipliers");
  EXPECT_EQ(table.rows[2][0], "value 2");
  ASSERT_EQ(all[0].figures.size(), 3u);
  std::set<std::string> names;
  for (const Figure& figure : all[0].figures) {
    EXPECT_TRUE(names.insert(figure.plot.name).second);
    EXPECT_THAT(figure.caption, HasSubstr("one seed of each point"));
    std::set<int> colors;
    for (const Series& series : figure.plot.series) {
      colors.insert(series.color);
      EXPECT_EQ(series.points.size(), 4u);
    }
    EXPECT_EQ(colors.size(), 4u) << figure.plot.name;
  }
  EXPECT_EQ(all[0].figures[0].plot.series[2].name, "multipliers value 1");
}

// Protects: readable where there are many points, and none is left out.
TEST(SweepDynamics, ManyPointsAreDrawnInSeveralFigures) {
  const std::vector<SweepDynamics> all = DynamicsOfSweeps(Sweep(20));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].table.rows.size(), 20u);
  ASSERT_EQ(all[0].figures.size(), 12u);
  EXPECT_THAT(all[0].figures[2].caption, HasSubstr("(5 of 20 points)"));
  std::set<std::string> names, drawn;
  for (const Figure& figure : all[0].figures) {
    EXPECT_TRUE(names.insert(figure.plot.name).second) << figure.plot.name;
    std::set<int> colors;
    for (const Series& series : figure.plot.series) {
      if (!series.name.empty()) {
        EXPECT_TRUE(colors.insert(series.color).second);
      }
      EXPECT_LT(series.color, kSeriesColors);
      drawn.insert(series.name);
    }
  }
  drawn.erase("");
  EXPECT_EQ(drawn.size(), 20u);
}

// Protects: the arms of the shipped ablation, 4 x 2, side by side.
TEST(SweepDynamics, OneSetOfFiguresForEachValueOfTheLastAxis) {
  FoundRuns found = Sweep(8);
  for (size_t i = 0; i < found.runs.size(); ++i) {
    found.runs[i].axes = {{"multipliers", absl::StrCat("arm ", i / 4)},
                          {"scales", i / 2 % 2 == 0 ? "one" : "mean"}};
  }
  const std::vector<SweepDynamics> all = DynamicsOfSweeps(found);
  ASSERT_EQ(all.size(), 1u);
  ASSERT_EQ(all[0].figures.size(), 6u);
  for (int i = 0; i < 6; ++i) {
    const Figure& figure = all[0].figures[i];
    const std::string scales = i < 3 ? "scales one" : "scales mean";
    EXPECT_THAT(figure.caption, HasSubstr("(" + scales + ", 4 of 8 points)"));
    std::set<std::string> arms;
    for (const Series& series : figure.plot.series) {
      if (!series.name.empty()) arms.insert(series.name);
    }
    ASSERT_EQ(arms.size(), 4u) << figure.plot.name;
    EXPECT_EQ(*arms.begin(), "multipliers arm 0, " + scales);
  }
}

// Protects: nothing where nothing can be compared: one point, or a method
// without learned scales.
TEST(SweepDynamics, NothingWithoutPointsThatHaveScales) {
  EXPECT_TRUE(DynamicsOfSweeps(Sweep(1)).empty());
  FoundRuns found = Sweep(3);
  for (FoundRun& run : found.runs) {
    for (EpochResult& epoch : *run.report.mutable_results(1)->mutable_epochs())
      epoch.clear_weight_sets();
  }
  EXPECT_TRUE(DynamicsOfSweeps(found).empty());
  for (FoundRun& run : found.runs) run.report.clear_results();
  EXPECT_TRUE(DynamicsOfSweeps(found).empty());
}

}  // namespace
}  // namespace tritlab
