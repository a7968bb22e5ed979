#include "reports/runs/run_results.h"

#include <cmath>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "reports/made_up_report.h"
#include "reports/report.pb.h"
#include "reports/run/report_tables.h"
#include "reports/runs/find_runs.h"

namespace tritlab {
namespace {

FoundRun MakeRun(const std::string& point, uint32_t seed, double top1) {
  FoundRun run;
  run.folder = point + "/seed-" + std::to_string(seed);
  run.point = point;
  run.report = MadeUpReport(4, 2);
  run.report.mutable_provenance()->set_seed(seed);
  run.report.mutable_results(1)->set_top1(top1);
  return run;
}

TEST(ResultsOf, MeansAreOverTheSeedsOfAPoint) {
  std::vector<FoundRun> runs = {MakeRun("a", 1, 85), MakeRun("a", 2, 88),
                                MakeRun("a", 3, 88), MakeRun("b", 1, 80)};
  runs[0].report.mutable_results(1)->set_weight_bytes(100);
  runs[1].report.mutable_results(1)->set_weight_bytes(100);
  runs[2].report.mutable_results(1)->set_weight_bytes(130);
  const std::vector<RunResult> results = ResultsOf(runs);
  ASSERT_EQ(results.size(), 3u);  // b's start is one of a's
  EXPECT_EQ(results[0].others, 1);
  const RunResult& result = results[1];
  EXPECT_EQ(result.run, "a");
  EXPECT_EQ(result.phase, "ttq");
  EXPECT_EQ(result.method, "ttq");
  EXPECT_EQ(result.start, "full_precision");
  EXPECT_TRUE(result.last);
  EXPECT_FALSE(results[0].last);
  EXPECT_EQ(result.seeds, 3);
  EXPECT_DOUBLE_EQ(result.top1, 87);
  EXPECT_DOUBLE_EQ(result.top1_deviation.value(), std::sqrt(3.0));
  EXPECT_DOUBLE_EQ(result.start_top1.value(), runs[0].report.results(0).top1());
  EXPECT_DOUBLE_EQ(result.weight_bytes, 110);
  EXPECT_DOUBLE_EQ(result.epochs, 2);
  EXPECT_DOUBLE_EQ(result.paper_top1.value(), 91.13);
  EXPECT_FALSE(results[2].top1_deviation.has_value());
  EXPECT_EQ(results[2].run, "b");
}

// Protects: what a seed has found is there while an earlier one is not over.
TEST(ResultsOf, ASeedThatIsNotOverHidesNoOther) {
  std::vector<FoundRun> runs = {MakeRun("a", 1, 85), MakeRun("a", 2, 88)};
  runs[0].report.mutable_results()->RemoveLast();
  std::vector<RunResult> results = ResultsOf(runs);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].seeds, 2);
  EXPECT_FALSE(results[0].last);
  EXPECT_EQ(results[1].phase, "ttq");
  EXPECT_EQ(results[1].seeds, 1);
  EXPECT_DOUBLE_EQ(results[1].top1, 88);
  EXPECT_TRUE(results[1].last);
  for (const RunResult& result : results) EXPECT_EQ(result.phases, 2);
  runs[0].report.clear_results();
  EXPECT_EQ(ResultsOf(runs).size(), 2u);
}

// Protects: the energy is the "total" of the run's own page.
TEST(ResultsOf, EnergyIsThatOfTheReport) {
  const std::vector<FoundRun> runs = {MakeRun("a", 1, 85)};
  const RunResult result = ResultsOf(runs)[1];
  const PhaseResult& phase = runs[0].report.results(1);
  ASSERT_GT(phase.energy_size(), 0);
  EXPECT_EQ(result.energy_pj.size(), static_cast<size_t>(phase.energy_size()));
  for (const EnergyResult& energy : phase.energy()) {
    EXPECT_DOUBLE_EQ(
        result.energy_pj.at({energy.process(), energy.activations()}),
        SparseEnergyOf(energy.total()));
  }
}

// Protects: a start that points of a sweep have in common is one result, not
// one for each of them; what they end with is theirs even where it is equal.
TEST(ResultsOf, ACommonStartIsOneResult) {
  std::vector<FoundRun> runs = {MakeRun("a", 1, 85), MakeRun("b", 1, 85),
                                MakeRun("c", 1, 85)};
  const std::vector<RunResult> results = ResultsOf(runs);
  ASSERT_EQ(results.size(), 4u);
  EXPECT_EQ(results[0].phase, "full_precision");
  EXPECT_EQ(results[0].others, 2);
  for (int i : {1, 2, 3}) EXPECT_EQ(results[i].phase, "ttq");

  runs[1].report.mutable_results(0)->mutable_epochs(0)->set_train_loss(9);
  EXPECT_EQ(ResultsOf(runs).size(), 5u);
}

// Protects: the runs that trained a sweep's common phases, a seed each, are not
// rows beside the points' means over them.
TEST(ResultsOf, ASharedPhaseOfOneSeedIsNoResultOfItsOwn) {
  std::vector<FoundRun> runs = {MakeRun("points/a", 1, 85),
                                MakeRun("points/a", 2, 86),
                                MakeRun("shared/full_precision-1", 1, 85)};
  runs[2].report.mutable_results()->RemoveLast();
  EXPECT_EQ(ResultsOf(runs).size(), 2u);
  EXPECT_EQ(ResultsOf(runs)[0].others, 0);
  runs[2].report.mutable_results(0)->set_top1(12);
  EXPECT_EQ(ResultsOf(runs).size(), 3u);
}

TEST(ResultsOf, MethodsOfLayers) {
  std::vector<FoundRun> runs = {MakeRun("a", 1, 85)};
  PhaseResult* phase = runs[0].report.mutable_results(1);
  phase->mutable_layers(1)->set_quantizer("inq");
  EXPECT_EQ(ResultsOf(runs)[1].method, "inq + ttq");
  EXPECT_EQ(ResultsOf(runs)[0].method, "full_precision");
  phase->clear_layers();
  EXPECT_EQ(ResultsOf(runs)[1].method, "ttq");
}

TEST(ResultsOf, PointsAreCalledByWhatTheyTake) {
  std::vector<FoundRun> runs = {
      MakeRun("points/bits=5,partition=largest_first", 1, 85)};
  runs[0].in_sweep = true;
  runs[0].axes = {{"bits", "5"}, {"partition", "largest first"}};
  runs[0].sweep = ".";
  EXPECT_EQ(ResultsOf(runs)[1].run, "bits=5, partition=largest first");
  runs[0].sweep = "a/sweep";
  EXPECT_EQ(ResultsOf(runs)[1].run, "a/sweep: bits=5, partition=largest first");
}

TEST(ResultsOf, RunsWithoutAResult) {
  FoundRun run;
  run.point = std::string("a");
  EXPECT_TRUE(ResultsOf({run}).empty());
}

}  // namespace
}  // namespace tritlab
