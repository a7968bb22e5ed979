#include "reports/runs/runs_figures.h"

#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/page/page.h"
#include "reports/page/table.h"
#include "reports/runs/find_runs.h"
#include "reports/runs/run_results.h"

namespace tritlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

RunResult Result(const std::string& run, double top1, double bytes) {
  RunResult result;
  result.run = run;
  result.phase = "quantized";
  result.method = "ttq";
  result.network = "resnet20";
  result.dataset = "cifar10";
  result.data_type = "bf16";
  result.seeds = 1;
  result.top1 = top1;
  result.weight_bytes = bytes;
  return result;
}

std::vector<const RunResult*> Pointers(const std::vector<RunResult>& results) {
  std::vector<const RunResult*> pointers;
  pointers.reserve(results.size());
  for (const RunResult& result : results) pointers.push_back(&result);
  return pointers;
}

// Protects: the numbers in the picture are those of the table below it.
TEST(TradeoffFigure, NumbersTheFrontAsTheTableDoes) {
  std::vector<RunResult> results = {
      Result("a", 86, 60000), Result("b", 85, 70000), Result("c", 87, 1000000)};
  results[1].method = "inq";
  const Tradeoff tradeoff = BytesTradeoff(Pointers(results));
  const Figure figure = TradeoffFigure(tradeoff);
  ASSERT_EQ(figure.plot.series.size(), 3u);  // the front, ttq, inq
  EXPECT_THAT(figure.plot.series[0].points,
              ElementsAre(Pair(60000, 86), Pair(1000000, 87)));
  EXPECT_THAT(figure.plot.series[0].labels, ElementsAre("1", "2"));
  EXPECT_EQ(figure.plot.series[1].name, "ttq");
  EXPECT_THAT(figure.plot.series[2].points, ElementsAre(Pair(70000, 85)));
  EXPECT_TRUE(figure.plot.log_x);

  const Table front = FrontTable(tradeoff);
  ASSERT_EQ(front.rows.size(), 2u);
  EXPECT_THAT(front.rows[0],
              ElementsAre("1", "a", "quantized", "ttq", "86.00", "60,000"));
  EXPECT_EQ(front.rows[1][1], "c");
}

// Protects: no two methods look the same, however many there are.
TEST(TradeoffFigure, EachMethodHasAColorOfItsOwn) {
  const std::vector<std::string> methods = {"full_precision", "ttq",  "inq",
                                            "global",         "twn",  "bwn",
                                            "dorefa",         "prune"};
  std::vector<RunResult> results;
  for (const std::string& method : methods) {
    results.push_back(Result(method, 80, 60000));
    results.back().method = method;
  }
  std::set<int> colors;
  const Figure figure = TradeoffFigure(BytesTradeoff(Pointers(results)));
  for (const Series& series : figure.plot.series) {
    EXPECT_LT(series.color, kSeriesColors);
    colors.insert(series.color);
  }
  EXPECT_EQ(colors.size(), methods.size() + 1);  // and the front's
}

// Protects: a caption says on which data, which network, how many seeds.
TEST(TradeoffFigure, CaptionStandsOnItsOwn) {
  std::vector<RunResult> results = {Result("a", 86, 60000),
                                    Result("b", 85, 70000)};
  EXPECT_THAT(TradeoffFigure(BytesTradeoff(Pointers(results))).caption,
              HasSubstr("resnet20 on cifar10, bf16; one seed each."));
  results[1].seeds = 3;
  results[1].top1_deviation = 0.25;
  const Figure figure = TradeoffFigure(BytesTradeoff(Pointers(results)));
  EXPECT_THAT(figure.caption,
              HasSubstr("means over 1 to 3 seeds, bars of one sample standard "
                        "deviation."));
  ASSERT_EQ(figure.plot.series[1].spreads.size(), 2u);
  EXPECT_TRUE(std::isnan(figure.plot.series[1].spreads[0]));
  EXPECT_EQ(figure.plot.series[1].spreads[1], 0.25);
}

TEST(EnergyTradeoff, OnlyResultsWithAnEstimate) {
  const EnergyKey key = {"45 nm", "int8"};
  std::vector<RunResult> results = {Result("a", 86, 1), Result("b", 85, 1)};
  results[1].energy_pj[key] = 50e6;
  const Tradeoff tradeoff = EnergyTradeoff(Pointers(results), key);
  ASSERT_EQ(tradeoff.points.size(), 1u);
  EXPECT_EQ(tradeoff.points[0].result->run, "b");
  EXPECT_DOUBLE_EQ(tradeoff.points[0].cost, 50);
  EXPECT_EQ(tradeoff.name, "energy_45_nm_int8");
  EXPECT_EQ(FrontTable(tradeoff).rows[0][5], "50");
  EXPECT_THAT(TradeoffFigure(EnergyTradeoff({}, key)).plot.series, IsEmpty());
}

std::vector<RunResult> Sweep(
    const std::vector<std::vector<AxisValue>>& points) {
  std::vector<RunResult> results;
  for (const std::vector<AxisValue>& axes : points) {
    results.push_back(Result("point", 80.0 + results.size(), 1));
    results.back().axes = axes;
    results.back().start = "full_precision";
    results.back().start_top1 = 90;
  }
  return results;
}

TEST(AxisFigure, NumbersAreALineForEachValueOfTheOthers) {
  const std::vector<RunResult> results =
      Sweep({{{"partition", "random"}, {"bits", "5"}},
             {{"partition", "random"}, {"bits", "3"}},
             {{"partition", "largest first"}, {"bits", "5"}}});
  const Figure bits = AxisFigure(Pointers(results), 1);
  ASSERT_EQ(bits.plot.series.size(), 3u);
  EXPECT_EQ(bits.plot.series[0].name, "partition random");
  EXPECT_THAT(bits.plot.series[0].points,
              ElementsAre(Pair(3, 81), Pair(5, 80)));
  EXPECT_THAT(bits.plot.series[1].points, ElementsAre(Pair(5, 82)));
  EXPECT_EQ(bits.plot.series[2].name, "start: full_precision");
  EXPECT_THAT(bits.plot.series[2].points,
              ElementsAre(Pair(3, 90), Pair(5, 90)));
  EXPECT_TRUE(bits.plot.whole_x);

  const Figure partition = AxisFigure(Pointers(results), 0);
  EXPECT_THAT(partition.plot.y_names, ElementsAre("random", "largest first"));
  EXPECT_EQ(partition.plot.series[0].name, "bits 5");
  EXPECT_THAT(partition.plot.series[0].points,
              ElementsAre(Pair(80, 0), Pair(82, 1)));
}

TEST(AxisFigure, ThresholdsAreOnALogarithmicAxis) {
  std::vector<RunResult> results =
      Sweep({{{"t", "0.01"}}, {{"t", "0.05"}}, {{"t", "0.3"}}});
  results[2].start_top1 = 91;  // no common start
  const Figure figure = AxisFigure(Pointers(results), 0);
  ASSERT_EQ(figure.plot.series.size(), 1u);
  EXPECT_EQ(figure.plot.series[0].name, "quantized");
  EXPECT_TRUE(figure.plot.log_x);
  EXPECT_FALSE(figure.plot.whole_x);
}

// Protects: lines do not run back and forth where folders' names are in another
// order than the numbers.
TEST(AxisFigure, LinesGoFromLeftToRightWithTheirSpreads) {
  std::vector<RunResult> results = Sweep({{{"decay", "1e-3"}, {"bits", "5"}},
                                          {{"decay", "1e-4"}, {"bits", "3"}},
                                          {{"decay", "1e-4"}, {"bits", "5"}},
                                          {{"decay", "5e-4"}, {"bits", "5"}}});
  results[0].top1_deviation = 0.1;
  results[2].top1_deviation = 0.2;
  results[3].top1_deviation = 0.3;
  const Figure figure = AxisFigure(Pointers(results), 0);
  const Series& line = figure.plot.series[0];
  EXPECT_EQ(line.name, "bits 5");  // the key is in the order of the runs
  EXPECT_THAT(line.points,
              ElementsAre(Pair(1e-4, 82), Pair(5e-4, 83), Pair(1e-3, 80)));
  EXPECT_THAT(line.spreads, ElementsAre(0.2, 0.3, 0.1));
}

TEST(AxisFigure, NothingVaries) {
  const std::vector<RunResult> results =
      Sweep({{{"t", "0.01"}}, {{"t", "0.01"}}});
  EXPECT_THAT(AxisFigure(Pointers(results), 0).plot.series, IsEmpty());
  EXPECT_THAT(AxisFigure(Pointers(results), 1).plot.series, IsEmpty());
  EXPECT_THAT(AxisFigure({}, 0).plot.series, IsEmpty());
}

}  // namespace
}  // namespace tritlab
