#include "reports/regression/regression.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "reports/regression/normal_scale.h"
#include "reports/regression/student_t.h"
#include "reports/runs/sample.h"

namespace tritlab {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
// Means of equal numbers may differ by rounding.
constexpr double kRounding = 1e-9;

bool IsTracked(const Baseline& baseline, const std::string& name) {
  return std::find(baseline.not_tracked().begin(), baseline.not_tracked().end(),
                   name) == baseline.not_tracked().end();
}

const MeasuredEntry* Find(const std::vector<MeasuredEntry>& measured,
                          const BaselineEntry& entry) {
  for (const MeasuredEntry& candidate : measured) {
    if (candidate.experiment == entry.experiment() &&
        candidate.phase == entry.phase())
      return &candidate;
  }
  return nullptr;
}

const MeasuredNumber* Find(const MeasuredEntry& entry,
                           const std::string& name) {
  for (const MeasuredNumber& number : entry.numbers) {
    if (number.judgement.name() == name) return &number;
  }
  return nullptr;
}

bool HasEntry(const Baseline& baseline, const MeasuredEntry& measured) {
  return std::any_of(baseline.entries().begin(), baseline.entries().end(),
                     [&](const BaselineEntry& entry) {
                       return entry.experiment() == measured.experiment &&
                              entry.phase() == measured.phase;
                     });
}

bool HasNumber(const BaselineEntry& entry, const std::string& name) {
  return std::any_of(
      entry.numbers().begin(), entry.numbers().end(),
      [&](const TrackedNumber& number) { return number.name() == name; });
}

bool IsJudgedBySpread(const TrackedNumber& number) {
  return number.by_spread() && number.has_deviation();
}

// Over seeds, of what is judged as `number` is.
double MeanOf(const TrackedNumber& number, const std::vector<double>& values) {
  return FromNormalScale(number, Mean(OnNormalScale(number, values)));
}

absl::Status CheckBaseline(const Baseline& baseline) {
  if (!(baseline.false_alarms() > 0 && baseline.false_alarms() < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("false_alarms is ", baseline.false_alarms(),
                     "; it must be above 0 and below 1"));
  }
  for (const BaselineEntry& entry : baseline.entries()) {
    for (const TrackedNumber& number : entry.numbers()) {
      const auto error = [&](absl::string_view what) {
        return absl::InvalidArgumentError(
            absl::StrCat(entry.experiment(), ", ", entry.phase(), ", ",
                         number.name(), ": ", what));
      };
      if (IsJudgedBySpread(number) && entry.seeds() < 2)
        return error("it has a deviation, but the entry no 2 seeds");
      if (number.by_spread() &&
          !std::isfinite(OnNormalScale(number, number.mean()))) {
        return error(absl::StrCat(
            "mean ", number.mean(), " has no place on its normal_scale, ",
            TrackedNumber::NormalScale_Name(number.normal_scale())));
      }
      if (!(number.deviation() >= 0) || !(number.resolution() >= 0) ||
          !(number.relative_tolerance() >= 0)) {
        return error(
            "deviation, resolution and relative_tolerance must be at least 0");
      }
    }
  }
  return absl::OkStatus();
}

class Judge {
 public:
  Judge(const Baseline& baseline, double level)
      : baseline_(baseline), level_(level) {}

  void Missing(const BaselineEntry& entry, Comparison& comparison) const {
    for (const TrackedNumber& number : entry.numbers()) {
      if (!IsTracked(baseline_, number.name())) continue;
      ComparedNumber compared = Begin(entry, number.name(), number.mean());
      compared.verdict = Verdict::kMissing;
      compared.note = "there is no run of it";
      comparison.numbers.push_back(compared);
    }
  }

  void Compare(const BaselineEntry& entry, const MeasuredEntry& measured,
               Comparison& comparison) const {
    if (entry.data_checksum() != measured.data_checksum) {
      ComparedNumber compared = Begin(entry, "images", kNone);
      compared.verdict = Verdict::kChanged;
      compared.note = absl::StrCat("their checksum was ", entry.data_checksum(),
                                   ", is ", measured.data_checksum);
      comparison.numbers.push_back(compared);
    }
    for (const TrackedNumber& number : entry.numbers()) {
      if (!IsTracked(baseline_, number.name())) continue;
      comparison.numbers.push_back(OneNumber(entry, number, measured));
    }
    for (const MeasuredNumber& number : measured.numbers) {
      if (!HasNumber(entry, number.judgement.name()))
        New(measured, number, comparison);
    }
  }

  void New(const MeasuredEntry& measured, Comparison& comparison) const {
    for (const MeasuredNumber& number : measured.numbers)
      New(measured, number, comparison);
  }

 private:
  void New(const MeasuredEntry& measured, const MeasuredNumber& number,
           Comparison& comparison) const {
    if (!IsTracked(baseline_, number.judgement.name())) return;
    comparison.numbers.push_back(
        {.experiment = measured.experiment,
         .phase = measured.phase,
         .name = number.judgement.name(),
         .baseline = kNone,
         .now = MeanOf(number.judgement, number.values),
         .allowed = kNone,
         .verdict = Verdict::kNew});
  }

  static ComparedNumber Begin(const BaselineEntry& entry,
                              const std::string& name, double mean) {
    return {.experiment = entry.experiment(),
            .phase = entry.phase(),
            .name = name,
            .baseline = mean,
            .now = kNone,
            .allowed = kNone};
  }

  ComparedNumber OneNumber(const BaselineEntry& entry,
                           const TrackedNumber& number,
                           const MeasuredEntry& measured) const {
    ComparedNumber compared = Begin(entry, number.name(), number.mean());
    const MeasuredNumber* const found = Find(measured, number.name());
    if (found != nullptr) compared.now = MeanOf(number, found->values);
    const bool is_speed = number.name() == "speed";
    if (is_speed && (found == nullptr ||
                     entry.instruction_set() != measured.instruction_set ||
                     entry.threads() != measured.threads)) {
      compared.verdict = Verdict::kNotJudged;
      compared.note = found == nullptr
                          ? "it was not measured, or on several machines"
                          : "other instructions or threads than the baseline's";
      return compared;
    }
    if (found == nullptr) {
      compared.verdict = Verdict::kMissing;
      compared.note = "the runs do not have it";
      return compared;
    }
    // One seed's failure to give the number must not hide behind the others.
    if (found->values.size() < measured.seeds.size() && !is_speed) {
      compared.verdict = Verdict::kMissing;
      compared.note = absl::StrCat("only ", found->values.size(), " of ",
                                   measured.seeds.size(), " runs have it");
      return compared;
    }
    if (number.by_spread() && !number.has_deviation()) {
      compared.verdict = Verdict::kNotJudged;
      compared.note = "one seed has no spread";
      return compared;
    }
    compared.allowed = number.resolution() +
                       number.relative_tolerance() * std::abs(number.mean());
    if (number.by_spread()) {
      compared.allowed += BySpread(entry, number, found->values.size(),
                                   /*above=*/compared.now > compared.baseline);
    }
    compared.verdict = VerdictOn(number, compared);
    return compared;
  }

  // How far above or below its mean the number may be for the spread's sake.
  double BySpread(const BaselineEntry& entry, const TrackedNumber& number,
                  size_t seeds, bool above) const {
    const bool both_sides = number.better() == TrackedNumber::EITHER_WAY_WORSE;
    const double on_scale =
        StudentTQuantile(both_sides ? level_ / 2 : level_, entry.seeds() - 1) *
        number.deviation() *
        std::sqrt(1.0 / entry.seeds() + 1.0 / static_cast<double>(seeds));
    const double limit =
        FromNormalScale(number, OnNormalScale(number, number.mean()) +
                                    (above ? on_scale : -on_scale));
    return std::abs(limit - number.mean());
  }

  // NaN is never the same.
  static Verdict VerdictOn(const TrackedNumber& number,
                           const ComparedNumber& compared) {
    const double difference = compared.now - compared.baseline;
    if (std::abs(difference) <=
        compared.allowed + kRounding * std::abs(compared.baseline))
      return Verdict::kSame;
    switch (number.better()) {
      case TrackedNumber::HIGHER:
        return difference > 0 ? Verdict::kBetter : Verdict::kWorse;
      case TrackedNumber::LOWER:
        return difference < 0 ? Verdict::kBetter : Verdict::kWorse;
      default:
        return Verdict::kChanged;
    }
  }

  const Baseline& baseline_;
  const double level_;
};

}  // namespace

absl::string_view NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSame:
      return "same";
    case Verdict::kBetter:
      return "better";
    case Verdict::kWorse:
      return "WORSE";
    case Verdict::kChanged:
      return "CHANGED";
    case Verdict::kMissing:
      return "MISSING";
    case Verdict::kNew:
      return "new";
    case Verdict::kNotJudged:
      return "not judged";
  }
  return "";
}

bool IsRegression(Verdict verdict) {
  return verdict == Verdict::kWorse || verdict == Verdict::kChanged ||
         verdict == Verdict::kMissing;
}

bool Comparison::regressed() const {
  return std::any_of(numbers.begin(), numbers.end(),
                     [](const ComparedNumber& number) {
                       return IsRegression(number.verdict);
                     });
}

absl::StatusOr<Comparison> Compare(const Baseline& baseline,
                                   const std::vector<MeasuredEntry>& measured,
                                   bool whole) {
  RETURN_IF_ERROR(CheckBaseline(baseline));
  for (const MeasuredEntry& entry : measured) {
    const bool is_known =
        std::any_of(baseline.entries().begin(), baseline.entries().end(),
                    [&](const BaselineEntry& known) {
                      return known.experiment() == entry.experiment;
                    });
    if (!is_known) {
      // Starts that are told apart are so only beside each other.
      const bool is_one_of_several = std::any_of(
          baseline.entries().begin(), baseline.entries().end(),
          [&](const BaselineEntry& known) {
            return absl::StartsWith(known.experiment(),
                                    absl::StrCat(entry.experiment, " ("));
          });
      return absl::NotFoundError(absl::StrCat(
          "it has no experiment ", entry.experiment,
          is_one_of_several
              ? " alone, but several; name the folder of the whole sweep"
              : "; --update --reason=TEXT adds it"));
    }
  }
  const auto is_wanted = [&](const BaselineEntry& entry) {
    return whole || std::any_of(measured.begin(), measured.end(),
                                [&](const MeasuredEntry& found) {
                                  return found.experiment == entry.experiment();
                                });
  };
  Comparison comparison;
  for (const BaselineEntry& entry : baseline.entries()) {
    if (!is_wanted(entry)) continue;
    for (const TrackedNumber& number : entry.numbers()) {
      comparison.judged_by_spread +=
          IsTracked(baseline, number.name()) && IsJudgedBySpread(number);
    }
  }
  comparison.level =
      baseline.false_alarms() / std::max(1, comparison.judged_by_spread);
  const Judge judge(baseline, comparison.level);
  for (const BaselineEntry& entry : baseline.entries()) {
    if (const MeasuredEntry* const found = Find(measured, entry)) {
      judge.Compare(entry, *found, comparison);
    } else if (is_wanted(entry)) {
      judge.Missing(entry, comparison);
    }
  }
  for (const MeasuredEntry& found : measured) {
    if (whole && !HasEntry(baseline, found)) judge.New(found, comparison);
  }
  return comparison;
}

void AddMissingRuns(const std::vector<std::string>& missing,
                    Comparison& comparison) {
  if (missing.empty()) return;
  comparison.numbers.push_back({.experiment = "all experiments",
                                .phase = "all phases",
                                .name = "runs",
                                .baseline = kNone,
                                .now = kNone,
                                .allowed = kNone,
                                .verdict = Verdict::kMissing,
                                .note = absl::StrJoin(missing, "; ")});
}

}  // namespace tritlab
