#include "reports/regression/tracked_numbers.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "reports/made_up_report.h"
#include "reports/report.pb.h"

namespace tritlab {
namespace {

FoundRun RunOf(uint32_t seed) {
  FoundRun run;
  run.folder = "seed-" + std::to_string(seed);
  run.report = MadeUpReport();
  run.report.mutable_provenance()->set_seed(seed);
  return run;
}

const MeasuredNumber* Find(const MeasuredEntry& entry,
                           const std::string& name) {
  for (const MeasuredNumber& number : entry.numbers) {
    if (number.judgement.name() == name) return &number;
  }
  return nullptr;
}

// Protects: seeds of one experiment are one entry a phase, with all values.
TEST(MeasuredNumbers, GathersSeeds) {
  std::vector<FoundRun> runs = {RunOf(1), RunOf(2)};
  runs[0].report.mutable_results(0)->set_top1(80);
  runs[1].report.mutable_results(0)->set_top1(82);
  runs[0].report.mutable_provenance()->set_test_images(500);
  const auto entries = MeasuredNumbers(runs);
  ASSERT_TRUE(entries.ok()) << entries.status();
  ASSERT_EQ(entries->size(),
            static_cast<size_t>(runs[0].report.results_size()));
  const MeasuredEntry& entry = (*entries)[0];
  EXPECT_EQ(entry.experiment, runs[0].report.provenance().experiment());
  EXPECT_EQ(entry.phase, runs[0].report.results(0).name());
  EXPECT_EQ(entry.seeds, (std::vector<uint32_t>{1, 2}));
  const MeasuredNumber* const top1 = Find(entry, "top1");
  ASSERT_NE(top1, nullptr);
  EXPECT_EQ(top1->values, (std::vector<double>{80, 82}));
  // One of 500 test images.
  EXPECT_DOUBLE_EQ(top1->judgement.resolution(), 0.2);
  EXPECT_TRUE(top1->judgement.by_spread());
  EXPECT_EQ(top1->judgement.better(), TrackedNumber::HIGHER);
  ASSERT_NE(Find(entry, "weight_bytes"), nullptr);
  EXPECT_FALSE(Find(entry, "weight_bytes")->judgement.by_spread());
}

// Protects: top-1 is judged by its odds, and so is what a phase lost of its
// start's: 19 to 1 from 39 to 1 are ln 2 (and a little: half an image on each
// side).
TEST(MeasuredNumbers, OddsOverTheStart) {
  FoundRun run = RunOf(1);
  ASSERT_EQ(run.report.results(1).starts_from(), run.report.results(0).name());
  run.report.mutable_provenance()->set_test_images(1000000);
  run.report.mutable_results(0)->set_top1(97.5);
  run.report.mutable_results(1)->set_top1(95);
  const auto entries = MeasuredNumbers({run});
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_EQ(Find((*entries)[0], "log odds over start"), nullptr);
  const MeasuredNumber* const odds = Find((*entries)[1], "log odds over start");
  ASSERT_NE(odds, nullptr);
  EXPECT_NEAR(odds->values[0], -std::log(39.0 / 19.0), 1e-4);
  EXPECT_EQ(Find((*entries)[1], "top1")->judgement.normal_scale(),
            TrackedNumber::LOG_ODDS);
  EXPECT_EQ(Find((*entries)[1], "loss")->judgement.normal_scale(),
            TrackedNumber::LOGARITHM);
}

// Protects: a slow machine raises no alarm, for the calibration is as slow.
TEST(MeasuredNumbers, SpeedIsARatio) {
  std::vector<FoundRun> fast = {RunOf(1)}, slow = {RunOf(1)};
  PhaseResult& phase = *fast[0].report.mutable_results(0);
  phase.set_images_per_second(3000);
  phase.set_calibration(6e9);
  PhaseResult& half = *slow[0].report.mutable_results(0);
  half.set_images_per_second(1500);
  half.set_calibration(3e9);
  const auto a = MeasuredNumbers(fast), b = MeasuredNumbers(slow);
  ASSERT_TRUE(a.ok() && b.ok());
  ASSERT_NE(Find((*a)[0], "speed"), nullptr);
  EXPECT_DOUBLE_EQ(Find((*a)[0], "speed")->values[0], 0.5);
  EXPECT_DOUBLE_EQ(Find((*b)[0], "speed")->values[0], 0.5);
}

// What was not calibrated has no speed, rather than one that is made up.
TEST(MeasuredNumbers, NoSpeedWithoutCalibration) {
  std::vector<FoundRun> runs = {RunOf(1)};
  runs[0].report.mutable_results(0)->clear_calibration();
  const auto entries = MeasuredNumbers(runs);
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ(Find((*entries)[0], "speed"), nullptr);
}

// Protects: seeds that ran on unlike machines have no mean speed that could be
// held against either's.
TEST(MeasuredNumbers, NoSpeedOfSeveralMachines) {
  std::vector<FoundRun> runs = {RunOf(1), RunOf(2)};
  for (FoundRun& run : runs)
    run.report.mutable_results(0)->set_calibration(1e9);
  const auto alike = MeasuredNumbers(runs);
  ASSERT_TRUE(alike.ok());
  EXPECT_NE(Find((*alike)[0], "speed"), nullptr);
  runs[1].report.mutable_provenance()->set_threads(77);
  const auto unlike = MeasuredNumbers(runs);
  ASSERT_TRUE(unlike.ok());
  EXPECT_EQ(Find((*unlike)[0], "speed"), nullptr);
  EXPECT_NE(Find((*unlike)[0], "top1"), nullptr);
}

// The start that points of a sweep have in common is not each point's number.
TEST(MeasuredNumbers, OfASweepsPointTheLastPhaseOnly) {
  std::vector<FoundRun> runs = {RunOf(1)};
  runs[0].in_sweep = true;
  const auto entries = MeasuredNumbers(runs);
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 1u);
  const Report& report = runs[0].report;
  EXPECT_EQ((*entries)[0].phase,
            report.results(report.results_size() - 1).name());
}

// The exponents of one layer in four move their mean by a quarter.
TEST(MeasuredNumbers, WholeNumbersMoveInSteps) {
  std::vector<FoundRun> runs = {RunOf(1)};
  PhaseResult& phase = *runs[0].report.mutable_results(0);
  for (int i = 0; i < phase.layers_size(); ++i) {
    auto& values = *phase.mutable_layers(i)->mutable_values();
    values.clear();
    values["n1"] = i;
    values["alpha"] = i + 0.5;
  }
  const auto entries = MeasuredNumbers(runs);
  ASSERT_TRUE(entries.ok());
  ASSERT_NE(Find((*entries)[0], "mean n1"), nullptr);
  EXPECT_DOUBLE_EQ(Find((*entries)[0], "mean n1")->judgement.resolution(),
                   1.0 / phase.layers_size());
  EXPECT_EQ(Find((*entries)[0], "mean alpha")->judgement.resolution(), 0);
}

// Protects: scales that training leaves equal are seen, though no accuracy
// shows them.
TEST(MeasuredNumbers, EqualScalesHaveNoAsymmetry) {
  std::vector<FoundRun> runs = {RunOf(1)};
  PhaseResult& phase = *runs[0].report.mutable_results(0);
  for (LayerResult& layer : *phase.mutable_layers()) {
    layer.mutable_values()->clear();
    (*layer.mutable_values())["w_p"] = 1.5 * std::exp(0.25);
    (*layer.mutable_values())["w_n"] = 1.5;
  }
  const auto unlike = MeasuredNumbers(runs);
  for (LayerResult& layer : *phase.mutable_layers())
    (*layer.mutable_values())["w_p"] = 1.5;
  const auto equal = MeasuredNumbers(runs);
  ASSERT_TRUE(unlike.ok() && equal.ok());
  ASSERT_NE(Find((*unlike)[0], "scale asymmetry"), nullptr);
  EXPECT_NEAR(Find((*unlike)[0], "scale asymmetry")->values[0], std::log(0.25),
              1e-9);
  EXPECT_EQ(Find((*equal)[0], "scale asymmetry")->values[0],
            -std::numeric_limits<double>::infinity());
}

TEST(MeasuredNumbers, RefusesTheSameSeedTwiceAndOtherImages) {
  const auto twice = MeasuredNumbers({RunOf(3), RunOf(3)});
  EXPECT_TRUE(absl::IsFailedPrecondition(twice.status())) << twice.status();
  std::vector<FoundRun> other = {RunOf(1), RunOf(2)};
  other[1].report.mutable_provenance()->set_data_checksum("other");
  EXPECT_TRUE(absl::IsFailedPrecondition(MeasuredNumbers(other).status()));
}

// A start that the points of a sweep share.
FoundRun StartOf(uint32_t seed, const std::string& data_type) {
  FoundRun run = RunOf(seed);
  run.folder = "shared/full_precision-" + data_type + std::to_string(seed);
  run.report.mutable_results()->RemoveLast();
  run.report.mutable_provenance()->set_experiment(run.report.results(0).name());
  run.report.mutable_provenance()->set_data_type(data_type);
  return run;
}

// Protects: a sweep whose starts differ along an axis can be held against a
// baseline; starts that do not, keep their name in those that are stored.
TEST(MeasuredNumbers, TellsStartsOfOneNameApart) {
  const auto alike = MeasuredNumbers({StartOf(1, "f32"), StartOf(2, "f32")});
  ASSERT_TRUE(alike.ok()) << alike.status();
  ASSERT_EQ(alike->size(), 1u);
  EXPECT_EQ((*alike)[0].experiment, "full_precision");

  std::vector<FoundRun> runs = {StartOf(1, "f32"), StartOf(1, "bf16"),
                                StartOf(2, "f32"), StartOf(2, "bf16")};
  const auto apart = MeasuredNumbers(runs);
  ASSERT_TRUE(apart.ok()) << apart.status();
  ASSERT_EQ(apart->size(), 2u);
  EXPECT_EQ((*apart)[0].experiment, "full_precision (f32)");
  EXPECT_EQ((*apart)[1].experiment, "full_precision (bf16)");
  for (const MeasuredEntry& entry : *apart) {
    EXPECT_EQ(entry.phase, "full_precision");
    EXPECT_EQ(entry.seeds, (std::vector<uint32_t>{1, 2}));
  }
  for (const int i : {0, 2}) {
    runs[i].report.mutable_network()->set_name("vgg7");
    runs[i].report.mutable_provenance()->set_data_checksum("other");
  }
  const auto by_two = MeasuredNumbers(runs);
  ASSERT_TRUE(by_two.ok()) << by_two.status();
  EXPECT_EQ((*by_two)[0].experiment, "full_precision (vgg7, f32)");

  // What reports do not tell apart.
  const absl::Status twice =
      MeasuredNumbers({StartOf(1, "f32"), StartOf(1, "f32")}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(twice)) << twice;
  EXPECT_TRUE(absl::StrContains(twice.message(), "such as the sweep's points"))
      << twice;
}

// Protects: a seed that was stopped after an early phase is not averaged with
// those that were not.
TEST(MeasuredNumbers, RefusesPhasesWithOtherSeeds) {
  std::vector<FoundRun> runs = {RunOf(1), RunOf(2)};
  ASSERT_TRUE(MeasuredNumbers(runs).ok());
  ASSERT_GT(runs[1].report.results_size(), 1);
  runs[1].report.mutable_results()->RemoveLast();
  const absl::Status status = MeasuredNumbers(runs).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  const Report& report = runs[0].report;
  EXPECT_TRUE(absl::StrContains(
      status.message(), report.results(report.results_size() - 1).name()))
      << status;
}

}  // namespace
}  // namespace tritlab
