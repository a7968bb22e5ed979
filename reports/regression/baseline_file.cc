#include "reports/regression/baseline_file.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/all_finite.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "base/text_proto.h"
#include "google/protobuf/text_format.h"
#include "reports/regression/normal_scale.h"
#include "reports/runs/sample.h"

namespace tritlab {
namespace {

constexpr int64_t kLargestFile = 16 << 20;  // bytes
constexpr double kFalseAlarms = 0.001;

constexpr char kHeader[] =
    "# Written by //reports:regress --update; docs/regressions.md explains "
    "it.\n"
    "# proto-file: reports/regression/baseline.proto\n"
    "# proto-message: tritlab.Baseline\n\n";

// Of values on the number's normal scale.
void SetMeanAndDeviation(const std::vector<double>& scaled,
                         TrackedNumber& number) {
  number.set_mean(FromNormalScale(number, Mean(scaled)));
  number.clear_deviation();
  if (const std::optional<double> deviation = Deviation(scaled))
    number.set_deviation(*deviation);
}

BaselineEntry EntryOf(const MeasuredEntry& measured,
                      const BaselineEntry* before) {
  BaselineEntry entry;
  entry.set_experiment(measured.experiment);
  entry.set_phase(measured.phase);
  entry.set_seeds(static_cast<uint32_t>(measured.seeds.size()));
  entry.set_data_checksum(measured.data_checksum);
  entry.set_instruction_set(measured.instruction_set);
  entry.set_threads(measured.threads);
  for (const MeasuredNumber& found : measured.numbers) {
    // What only some seeds have (a speed after --resume) is no baseline.
    if (found.values.size() < measured.seeds.size()) continue;
    TrackedNumber number = found.judgement;
    if (before != nullptr) {
      const auto at =
          std::find_if(before->numbers().begin(), before->numbers().end(),
                       [&](const TrackedNumber& known) {
                         return known.name() == number.name();
                       });
      if (at != before->numbers().end()) number = *at;
    }
    // Nor is a logarithm of nothing.
    const std::vector<double> scaled = OnNormalScale(number, found.values);
    if (!AllFinite(scaled)) continue;
    SetMeanAndDeviation(scaled, number);
    *entry.add_numbers() = std::move(number);
  }
  return entry;
}

}  // namespace

absl::StatusOr<Baseline> ReadBaseline(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kLargestFile));
  Baseline baseline;
  if (const absl::Status status = ParseTextProto(text, path, baseline);
      !status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(status.message(),
                     " (reports/regression/baseline.proto has the fields)"));
  }
  return baseline;
}

absl::Status WriteBaseline(const Baseline& baseline, const std::string& path) {
  std::string text;
  if (!google::protobuf::TextFormat::PrintToString(baseline, &text))
    return absl::InternalError(absl::StrCat(path, ": cannot be written"));
  return WriteFileAtomically(path, absl::StrCat(kHeader, text));
}

void UpdateBaseline(const std::vector<MeasuredEntry>& measured, bool whole,
                    const BaselineUpdate& update, Baseline& baseline) {
  if (baseline.false_alarms() == 0) baseline.set_false_alarms(kFalseAlarms);
  const Baseline before = baseline;
  if (whole) baseline.clear_entries();
  for (const MeasuredEntry& found : measured) {
    const auto is_it = [&](const BaselineEntry& entry) {
      return entry.experiment() == found.experiment &&
             entry.phase() == found.phase;
    };
    const auto old =
        std::find_if(before.entries().begin(), before.entries().end(), is_it);
    const auto place = std::find_if(baseline.mutable_entries()->begin(),
                                    baseline.mutable_entries()->end(), is_it);
    BaselineEntry& entry = place == baseline.mutable_entries()->end()
                               ? *baseline.add_entries()
                               : *place;
    entry = EntryOf(found, old == before.entries().end() ? nullptr : &*old);
    // Numbers that are not tracked would only be noise in each change.
    auto& numbers = *entry.mutable_numbers();
    numbers.erase(std::remove_if(numbers.begin(), numbers.end(),
                                 [&](const TrackedNumber& number) {
                                   return std::find(
                                              baseline.not_tracked().begin(),
                                              baseline.not_tracked().end(),
                                              number.name()) !=
                                          baseline.not_tracked().end();
                                 }),
                  numbers.end());
  }
  *baseline.add_updates() = update;
}

}  // namespace tritlab
