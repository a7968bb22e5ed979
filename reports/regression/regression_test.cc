#include "reports/regression/regression.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "base/random.h"
#include "gtest/gtest.h"
#include "reports/regression/baseline_file.h"
#include "reports/regression/normal_scale.h"
#include "reports/regression/student_t.h"

namespace tritlab {
namespace {

MeasuredNumber Number(const std::string& name, TrackedNumber::Better better,
                      bool by_spread, std::vector<double> values) {
  MeasuredNumber number;
  number.judgement.set_name(name);
  number.judgement.set_better(better);
  number.judgement.set_by_spread(by_spread);
  number.values = std::move(values);
  return number;
}

MeasuredEntry Entry(std::vector<MeasuredNumber> numbers) {
  MeasuredEntry entry;
  entry.experiment = "quickstart";
  entry.phase = "ttq";
  entry.data_checksum = "0-1";
  entry.instruction_set = "avx2";
  entry.threads = 2;
  entry.seeds.resize(numbers[0].values.size());
  entry.numbers = std::move(numbers);
  return entry;
}

Baseline BaselineOf(const std::vector<MeasuredEntry>& measured) {
  Baseline baseline;
  UpdateBaseline(measured, /*whole=*/true, {}, baseline);
  return baseline;
}

// The verdict on the only number, of which `now` are the values.
Verdict VerdictOn(TrackedNumber::Better better, bool by_spread,
                  std::vector<double> before, std::vector<double> now) {
  const Baseline baseline =
      BaselineOf({Entry({Number("x", better, by_spread, std::move(before))})});
  const auto comparison = Compare(
      baseline, {Entry({Number("x", better, by_spread, std::move(now))})},
      /*whole=*/true);
  EXPECT_TRUE(comparison.ok()) << comparison.status();
  return comparison->numbers[0].verdict;
}

// Protects: the interval is the one that the header derives.
TEST(Compare, AllowsThePredictionInterval) {
  Baseline baseline = BaselineOf(
      {Entry({Number("top1", TrackedNumber::HIGHER, true, {90, 92, 94}),
              Number("loss", TrackedNumber::LOWER, true, {1, 2, 3})})});
  baseline.set_false_alarms(0.02);
  baseline.mutable_entries(0)->mutable_numbers(0)->set_resolution(0.1);
  const auto comparison =
      Compare(baseline,
              {Entry({Number("top1", TrackedNumber::HIGHER, true, {91, 92}),
                      Number("loss", TrackedNumber::LOWER, true, {2, 2})})},
              /*whole=*/true);
  ASSERT_TRUE(comparison.ok()) << comparison.status();
  EXPECT_EQ(comparison->judged_by_spread, 2);
  EXPECT_DOUBLE_EQ(comparison->level, 0.01);
  // t of 2 degrees of freedom at 0.01 is 6.965; s is 2.
  EXPECT_NEAR(comparison->numbers[0].allowed,
              6.965 * 2 * std::sqrt(1.0 / 3 + 1.0 / 2) + 0.1, 2e-3);
  EXPECT_FALSE(comparison->regressed());
}

TEST(Compare, KnowsWhichSideIsBetter) {
  using Number = TrackedNumber;
  const std::vector<double> before = {10, 11, 12, 10, 11, 12};
  EXPECT_EQ(VerdictOn(Number::HIGHER, true, before, {11.4}), Verdict::kSame);
  EXPECT_EQ(VerdictOn(Number::HIGHER, true, before, {50}), Verdict::kBetter);
  EXPECT_EQ(VerdictOn(Number::HIGHER, true, before, {-50}), Verdict::kWorse);
  EXPECT_EQ(VerdictOn(Number::LOWER, true, before, {50}), Verdict::kWorse);
  EXPECT_EQ(VerdictOn(Number::LOWER, true, before, {-50}), Verdict::kBetter);
  EXPECT_EQ(VerdictOn(Number::EITHER_WAY_WORSE, true, before, {50}),
            Verdict::kChanged);
  EXPECT_EQ(VerdictOn(Number::EITHER_WAY_WORSE, true, before, {-50}),
            Verdict::kChanged);
}

// Without a spread to judge by, numbers are exact; rounding is none.
TEST(Compare, ExactNumbersAreExact) {
  using Number = TrackedNumber;
  EXPECT_EQ(VerdictOn(Number::LOWER, false, {700, 700}, {700, 700}),
            Verdict::kSame);
  EXPECT_EQ(VerdictOn(Number::LOWER, false, {700}, {701}), Verdict::kWorse);
  EXPECT_EQ(VerdictOn(Number::LOWER, false, {700}, {699}), Verdict::kBetter);
  EXPECT_EQ(VerdictOn(Number::LOWER, false, {0.1, 0.1, 0.1}, {0.1}),
            Verdict::kSame);
}

// Protects: a network that computes nothing sensible passes no comparison.
TEST(Compare, NoNumberIsNeverTheSame) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(IsRegression(
      VerdictOn(TrackedNumber::HIGHER, true, {10, 11}, {nan, nan})));
  EXPECT_TRUE(
      IsRegression(VerdictOn(TrackedNumber::LOWER, false, {10}, {nan})));
}

TEST(Compare, OneSeedHasNoSpread) {
  EXPECT_EQ(VerdictOn(TrackedNumber::HIGHER, true, {10}, {1}),
            Verdict::kNotJudged);
}

TEST(Compare, MissingNumbersRegress) {
  const Baseline baseline = BaselineOf(
      {Entry({Number("top1", TrackedNumber::HIGHER, true, {90, 91}),
              Number("integer_top1", TrackedNumber::HIGHER, true, {90, 91})})});
  const auto comparison =
      Compare(baseline,
              {Entry({Number("top1", TrackedNumber::HIGHER, true, {90, 91}),
                      Number("new", TrackedNumber::LOWER, true, {1, 2})})},
              /*whole=*/true);
  ASSERT_TRUE(comparison.ok());
  ASSERT_EQ(comparison->numbers.size(), 3u);
  EXPECT_EQ(comparison->numbers[1].verdict, Verdict::kMissing);
  EXPECT_EQ(comparison->numbers[2].verdict, Verdict::kNew);
  EXPECT_TRUE(comparison->regressed());
}

// A number that one of several runs could not give.
TEST(Compare, MissingInOneRunIsMissing) {
  const Baseline baseline = BaselineOf(
      {Entry({Number("top1", TrackedNumber::HIGHER, true, {90, 91}),
              Number("integer_top1", TrackedNumber::HIGHER, true, {90, 91})})});
  const auto comparison = Compare(
      baseline,
      {Entry({Number("top1", TrackedNumber::HIGHER, true, {90, 91}),
              Number("integer_top1", TrackedNumber::HIGHER, true, {91})})},
      /*whole=*/true);
  ASSERT_TRUE(comparison.ok());
  EXPECT_EQ(comparison->numbers[1].verdict, Verdict::kMissing);
}

// A folder of runs must have all; a run by itself speaks for itself.
TEST(Compare, MissingEntriesRegressWhereAllMustBeThere) {
  MeasuredEntry first =
      Entry({Number("top1", TrackedNumber::HIGHER, true, {90, 91})});
  MeasuredEntry second = first;
  second.experiment = "other";
  const Baseline baseline = BaselineOf({first, second});
  const auto whole = Compare(baseline, {first}, /*whole=*/true);
  const auto alone = Compare(baseline, {first}, /*whole=*/false);
  ASSERT_TRUE(whole.ok() && alone.ok());
  EXPECT_TRUE(whole->regressed());
  EXPECT_FALSE(alone->regressed());
  EXPECT_EQ(alone->numbers.size(), 1u);
}

// Protects: a run that was stopped is not as good as one that was not.
TEST(Compare, AllPhasesOfAnExperimentMustBeThere) {
  MeasuredEntry first =
      Entry({Number("top1", TrackedNumber::HIGHER, true, {90, 91})});
  MeasuredEntry second = first;
  second.phase = "inq";
  const Baseline baseline = BaselineOf({first, second});
  for (const bool whole : {false, true}) {
    const auto comparison = Compare(baseline, {first}, whole);
    ASSERT_TRUE(comparison.ok()) << comparison.status();
    EXPECT_TRUE(comparison->regressed());
    ASSERT_EQ(comparison->numbers.size(), 2u);
    EXPECT_EQ(comparison->numbers[1].phase, "inq");
    EXPECT_EQ(comparison->numbers[1].verdict, Verdict::kMissing);
    EXPECT_EQ(comparison->judged_by_spread, 2);
  }
}

// Protects: a point of a sweep by itself has the start that is an entry of its
// own in the sweep's baseline.
TEST(Compare, PhasesOfKnownExperimentsMayBeNew) {
  const MeasuredEntry known =
      Entry({Number("top1", TrackedNumber::HIGHER, true, {90, 91})});
  MeasuredEntry start = known;
  start.phase = "full_precision";
  Baseline baseline = BaselineOf({known});
  const auto alone = Compare(baseline, {start, known}, /*whole=*/false);
  ASSERT_TRUE(alone.ok()) << alone.status();
  EXPECT_EQ(alone->numbers.size(), 1u);
  const auto whole = Compare(baseline, {start, known}, /*whole=*/true);
  ASSERT_TRUE(whole.ok()) << whole.status();
  ASSERT_EQ(whole->numbers.size(), 2u);
  EXPECT_EQ(whole->numbers[1].phase, "full_precision");
  EXPECT_EQ(whole->numbers[1].verdict, Verdict::kNew);
  EXPECT_DOUBLE_EQ(whole->numbers[1].now, 90.5);
  EXPECT_FALSE(whole->regressed());
  baseline.add_not_tracked("top1");
  EXPECT_TRUE(Compare(baseline, {start, known}, true)->numbers.empty());
}

// Protects: seeds that were not run are no success of those that were.
TEST(AddMissingRuns, Regress) {
  Comparison comparison;
  AddMissingRuns({}, comparison);
  EXPECT_FALSE(comparison.regressed());
  AddMissingRuns({"method=ttq: failed", "b: not over"}, comparison);
  EXPECT_TRUE(comparison.regressed());
  ASSERT_EQ(comparison.numbers.size(), 1u);
  EXPECT_EQ(comparison.numbers[0].note, "method=ttq: failed; b: not over");
}

TEST(Compare, UnknownExperimentsAreRefused) {
  MeasuredEntry entry =
      Entry({Number("top1", TrackedNumber::HIGHER, true, {90, 91})});
  const Baseline baseline = BaselineOf({entry});
  entry.experiment = "other";
  const absl::Status status = Compare(baseline, {entry}, true).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "other"));
}

TEST(Compare, OtherImagesAreAChange) {
  MeasuredEntry entry =
      Entry({Number("top1", TrackedNumber::HIGHER, true, {90, 91})});
  const Baseline baseline = BaselineOf({entry});
  entry.data_checksum = "other";
  const auto comparison = Compare(baseline, {entry}, true);
  ASSERT_TRUE(comparison.ok());
  EXPECT_TRUE(comparison->regressed());
  EXPECT_EQ(comparison->numbers[0].name, "images");
}

// Protects: another processor raises no alarm over its speed.
TEST(Compare, SpeedOfAnotherMachineIsNotJudged) {
  MeasuredEntry entry =
      Entry({Number("speed", TrackedNumber::HIGHER, false, {1})});
  const Baseline baseline = BaselineOf({entry});
  entry.numbers[0].values = {0.01};
  EXPECT_TRUE(Compare(baseline, {entry}, true)->regressed());
  entry.instruction_set = "avx512";
  const auto comparison = Compare(baseline, {entry}, true);
  EXPECT_EQ(comparison->numbers[0].verdict, Verdict::kNotJudged);
}

TEST(Compare, UntrackedNumbersAreLeftOut) {
  MeasuredEntry entry =
      Entry({Number("speed", TrackedNumber::HIGHER, false, {1})});
  Baseline baseline = BaselineOf({entry});
  baseline.add_not_tracked("speed");
  entry.numbers[0].values = {0.01};
  EXPECT_TRUE(Compare(baseline, {entry}, true)->numbers.empty());
}

// The share of comparisons with an alarm, of draws from one distribution,
// normal on `scale`, that are held against each other again and again.
double ShareOfFalseAlarms(TrackedNumber::NormalScale scale) {
  constexpr int kComparisons = 3000, kNumbers = 10;
  uint64_t drawn = 0;
  const RandomStream random(7, 1);
  const auto uniform = [&] {
    return (static_cast<double>(random.Bits(drawn++) >> 11) + 0.5) * 0x1p-53;
  };
  const auto normal = [&] {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  };
  const auto draw = [&](int seeds) {
    std::vector<MeasuredNumber> numbers;
    for (int i = 0; i < kNumbers; ++i) {
      MeasuredNumber number = Number(
          "x" + std::to_string(i),
          i % 2 == 0 ? TrackedNumber::HIGHER : TrackedNumber::EITHER_WAY_WORSE,
          true, {});
      number.judgement.set_normal_scale(scale);
      for (int j = 0; j < seeds; ++j) {
        number.values.push_back(
            FromNormalScale(number.judgement, 3 + 0.8 * normal()));
      }
      numbers.push_back(std::move(number));
    }
    return Entry(std::move(numbers));
  };
  int alarms = 0;
  for (int i = 0; i < kComparisons; ++i) {
    Baseline baseline = BaselineOf({draw(6)});
    baseline.set_false_alarms(0.1);
    const auto comparison = Compare(baseline, {draw(2)}, true);
    EXPECT_TRUE(comparison.ok()) << comparison.status();
    alarms += comparison->regressed();
  }
  return static_cast<double>(alarms) / kComparisons;
}

// Protects: the claim on false alarms. With 10 numbers at 10 % the share is
// that of independent ones, 1 - 0.99^10 = 9.6 %; within four standard
// deviations.
TEST(Compare, RaisesAsManyFalseAlarmsAsItSays) {
  for (const auto scale : {TrackedNumber::LINEAR, TrackedNumber::LOGARITHM,
                           TrackedNumber::LOG_ODDS})
    EXPECT_NEAR(ShareOfFalseAlarms(scale), 0.0956, 0.0215) << scale;
}

// Protects: near 100 %, where there is no room above, as much is allowed below
// as the log odds say; and the mean is theirs.
TEST(Compare, JudgesPercentByTheirLogOdds) {
  const auto entry = [](std::vector<double> values) {
    MeasuredNumber top1 =
        Number("top1", TrackedNumber::HIGHER, true, std::move(values));
    top1.judgement.set_normal_scale(TrackedNumber::LOG_ODDS);
    return Entry({top1});
  };
  // Log odds of ln 9, ln 19 and ln 39.
  Baseline baseline = BaselineOf({entry({90, 95, 97.5})});
  baseline.set_false_alarms(0.01);
  const double mean = (std::log(9.0) + std::log(19.0) + std::log(39.0)) / 3;
  const auto percent = [](double log_odds) {
    return 100 / (1 + std::exp(-log_odds));
  };
  EXPECT_NEAR(baseline.entries(0).numbers(0).mean(), percent(mean), 1e-9);
  const double deviation = baseline.entries(0).numbers(0).deviation();
  EXPECT_NEAR(deviation, 0.7333, 2e-4);
  // t of 2 degrees of freedom at 0.01.
  const double bound = 6.965 * deviation * std::sqrt(1.0 / 3 + 1.0 / 2);
  const auto below = Compare(baseline, {entry({80, 80})}, true);
  EXPECT_NEAR(below->numbers[0].allowed, percent(mean) - percent(mean - bound),
              1e-2);
  EXPECT_EQ(below->numbers[0].verdict, Verdict::kSame);
  const auto above = Compare(baseline, {entry({99, 99})}, true);
  EXPECT_NEAR(above->numbers[0].allowed, percent(mean + bound) - percent(mean),
              1e-2);
  EXPECT_EQ(above->numbers[0].verdict, Verdict::kSame);
  EXPECT_TRUE(Compare(baseline, {entry({10, 10})}, true)->regressed());
}

}  // namespace
}  // namespace tritlab
