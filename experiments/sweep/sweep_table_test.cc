#include "experiments/sweep/sweep_table.h"

#include <cmath>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// full_precision, prune from it, inq from that; beside them a phase that the
// last one does not rest on.
Report MadeUp(double top1) {
  Report report;
  const auto add = [&](const char* name, const char* from, int epochs,
                       double value) {
    PhaseResult& result = *report.add_results();
    result.set_name(name);
    result.set_starts_from(from);
    for (int i = 0; i < epochs; ++i) result.add_epochs()->set_epoch(i + 1);
    result.set_top1(value);
    result.set_seconds(10 * epochs);
    result.set_train_multiply_adds(1e9 * epochs);
  };
  add("full_precision", "", 8, 90);
  add("aside", "full_precision", 100, 1);
  add("prune", "full_precision", 2, 89);
  add("inq", "prune", 4, top1);
  report.mutable_results(3)->set_weight_sparsity(0.25);
  report.mutable_results(3)->set_weight_bytes(1234);
  return report;
}

SweepOutcome Outcome(const std::string& label) {
  SweepOutcome outcome;
  outcome.name = "bits=" + label;
  outcome.labels = {label};
  return outcome;
}

SweepSpec Spec() {
  SweepSpec sweep;
  sweep.set_name("bits");
  sweep.set_base("base.textproto");
  SweepSpec::Axis& axis = *sweep.add_axes();
  axis.set_name("bits");
  axis.add_fields()->set_path("phases.inq.policy.rules.0.quantizer.inq.bits");
  axis.mutable_fields(0)->add_values("5");
  return sweep;
}

TEST(SweepTableTest, MeanAndSpreadAreOverSeeds) {
  SweepOutcome outcome = Outcome("5");
  outcome.reports = {MadeUp(85), MadeUp(88), MadeUp(88)};
  const auto figures = Summarize(outcome);
  ASSERT_TRUE(figures.has_value());
  EXPECT_EQ(figures->phase, "inq");
  EXPECT_DOUBLE_EQ(figures->top1, 87);
  EXPECT_DOUBLE_EQ(figures->top1_deviation.value(), std::sqrt(3.0));
  EXPECT_DOUBLE_EQ(figures->start_top1.value(), 89);
  EXPECT_DOUBLE_EQ(figures->weight_sparsity, 0.25);
  EXPECT_DOUBLE_EQ(figures->weight_bytes, 1234);
}

// What the method costs is what comes after the start; what other phases cost
// is not its business.
TEST(SweepTableTest, CostIsThatOfTheChain) {
  SweepOutcome outcome = Outcome("5");
  outcome.reports = {MadeUp(85), MadeUp(88)};
  const auto figures = Summarize(outcome);
  ASSERT_TRUE(figures.has_value());
  EXPECT_DOUBLE_EQ(figures->retraining.epochs, 6);
  EXPECT_DOUBLE_EQ(figures->retraining.seconds, 60);
  EXPECT_DOUBLE_EQ(figures->retraining.multiply_adds, 6e9);
  EXPECT_DOUBLE_EQ(figures->all.epochs, 14);
  EXPECT_DOUBLE_EQ(figures->all.multiply_adds, 14e9);
}

TEST(SweepTableTest, APhaseFromNothingIsItsOwnCost) {
  SweepOutcome outcome = Outcome("5");
  outcome.reports = {MadeUp(85)};
  outcome.reports[0].mutable_results()->DeleteSubrange(1, 3);
  const auto figures = Summarize(outcome);
  ASSERT_TRUE(figures.has_value());
  EXPECT_DOUBLE_EQ(figures->top1, 90);
  EXPECT_FALSE(figures->top1_deviation.has_value());
  EXPECT_FALSE(figures->start_top1.has_value());
  EXPECT_DOUBLE_EQ(figures->retraining.epochs, 8);
}

// A report of two phases that start from each other must not hang the table.
TEST(SweepTableTest, ACircleOfPhasesEnds) {
  SweepOutcome outcome = Outcome("5");
  outcome.reports = {MadeUp(85)};
  outcome.reports[0].mutable_results(0)->set_starts_from("inq");
  EXPECT_TRUE(Summarize(outcome).has_value());
}

TEST(SweepTableTest, FailedAndMissingPointsKeepTheirRows) {
  SweepOutcome failed = Outcome("4");
  failed.failures = {"the loss is no longer finite"};
  SweepOutcome partly = Outcome("3");
  partly.reports = {MadeUp(80)};
  partly.failures = {"no memory"};
  SweepOutcome missing = Outcome("2");
  missing.not_run = 2;
  const std::vector<SweepOutcome> outcomes = {failed, partly, missing};

  const Table table = SweepTable(Spec(), outcomes);
  ASSERT_EQ(table.rows.size(), 3u);
  for (const auto& row : table.rows)
    EXPECT_EQ(row.size(), table.columns.size());
  EXPECT_THAT(table.rows[0], ElementsAre("4", "failed", "", "0 of 1 (1 failed)",
                                         "", "", "", "", "", ""));
  EXPECT_EQ(table.rows[1][1], "80.00");
  EXPECT_EQ(table.rows[1][3], "1 of 2 (1 failed)");
  EXPECT_EQ(table.rows[2][1], "not run");
  EXPECT_EQ(table.rows[2][3], "0 of 2");

  const std::string markdown = SweepMarkdown(Spec(), outcomes);
  EXPECT_THAT(markdown, HasSubstr("| 4 | failed |"));
  EXPECT_THAT(markdown, HasSubstr("bits=4: the loss is no longer finite"));
  EXPECT_THAT(markdown, HasSubstr("bits=3: no memory"));
}

// Protects: the caption of a sweep that failed as a whole is a sentence.
TEST(SweepTableTest, OfFailedPointsAloneTheCaptionNamesNoPhase) {
  SweepOutcome failed = Outcome("4");
  failed.failures = {"the loss is no longer finite"};
  EXPECT_THAT(SweepTable(Spec(), {failed}).caption,
              StartsWith("Sweep bits. Top-1 is the mean"));
  SweepOutcome done = Outcome("5");
  done.reports = {MadeUp(85)};
  done.reports[0].mutable_network()->set_name("resnet20");
  done.reports[0].mutable_provenance()->set_dataset("cifar10");
  EXPECT_THAT(SweepTable(Spec(), {failed, done}).caption,
              StartsWith("Sweep bits: phase inq of each point, on resnet20 on "
                         "cifar10, "));
}

TEST(SweepTableTest, CsvIsQuotedAndComplete) {
  SweepOutcome done = Outcome("0.5, \"1\"");
  done.reports = {MadeUp(87.125)};
  SweepOutcome failed = Outcome("2");
  failed.failures = {"x"};
  EXPECT_EQ(
      SweepCsv(Spec(), {done, failed}),
      "bits,phase,status,seeds,top1,top1_deviation,start_top1,weight_sparsity,"
      "weight_bytes,retraining_epochs,retraining_seconds,"
      "retraining_multiply_adds,all_epochs,all_seconds,all_multiply_adds\n"
      "\"0.5, \"\"1\"\"\",inq,done,1,87.125,,89,0.25,1234,6,60,6e+09,14,140,"
      "1.4e+10\n"
      "2,,failed,0,,,,,,,,,,,\n");
}

}  // namespace
}  // namespace tritlab
