#include "training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "absl/strings/str_format.h"

namespace tritlab {
namespace {

// OneCycleSchedule's first and last rate as shares of the largest.
constexpr double kOneCycleFirst = 1.0 / 25;
constexpr double kOneCycleLast = 1.0 / 250000;

// From `from` to `to` along half a cosine, t in [0, 1].
double HalfCosine(double from, double to, double t) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * t)) / 2;
}

}  // namespace

absl::Status ValidateSchedule(const ScheduleSpec& schedule, int64_t epochs) {
  if (!(schedule.learning_rate() > 0) ||
      !std::isfinite(schedule.learning_rate())) {
    return absl::InvalidArgumentError(
        absl::StrFormat("schedule.learning_rate is %g; it must be positive",
                        schedule.learning_rate()));
  }
  if (schedule.has_step()) {
    if (!(schedule.step().factor() > 0 && schedule.step().factor() <= 1)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "schedule.step.factor is %g; it must be above 0 and at most 1",
          schedule.step().factor()));
    }
    for (const float epoch : schedule.step().epochs()) {
      if (!(epoch >= 0) || !std::isfinite(epoch)) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "schedule.step.epochs has %g; all must be at least 0", epoch));
      }
    }
    if (schedule.step().epochs().empty()) {
      return absl::InvalidArgumentError(
          "schedule.step.epochs is empty; name the epochs at which the rate "
          "drops");
    }
    if (!std::is_sorted(schedule.step().epochs().begin(),
                        schedule.step().epochs().end())) {
      return absl::InvalidArgumentError("schedule.step.epochs must ascend");
    }
    // Later drops may be cut off; a rate that never drops is another schedule.
    if (const float first = schedule.step().epochs(0); first >= epochs) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "schedule.step.epochs begins with %g, beyond the phase's %d epochs "
          "(of each stage); give an earlier drop, or clear schedule.step for a "
          "constant rate",
          first, epochs));
    }
  }
  if (schedule.has_cosine() && !(schedule.cosine().final_share() >= 0 &&
                                 schedule.cosine().final_share() <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("schedule.cosine.final_share is %g; it must be 0 to 1",
                        schedule.cosine().final_share()));
  }
  if (schedule.has_one_cycle() && !(schedule.one_cycle().warmup_share() > 0 &&
                                    schedule.one_cycle().warmup_share() < 1)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "schedule.one_cycle.warmup_share is %g; it must be between 0 and 1",
        schedule.one_cycle().warmup_share()));
  }
  return absl::OkStatus();
}

double LearningRate(const ScheduleSpec& schedule, int64_t step,
                    int64_t steps_per_epoch, int64_t epochs) {
  const double rate = schedule.learning_rate();
  // The last step is at t = 1.
  const double last =
      std::max<double>(1, static_cast<double>(steps_per_epoch * epochs - 1));
  switch (schedule.shape_case()) {
    case ScheduleSpec::kStep: {
      const double epoch = static_cast<double>(step) / steps_per_epoch;
      const int64_t drops = std::count_if(
          schedule.step().epochs().begin(), schedule.step().epochs().end(),
          [&](float at) { return epoch >= at; });
      return rate * std::pow(schedule.step().factor(), drops);
    }
    case ScheduleSpec::kCosine:
      return HalfCosine(rate, rate * schedule.cosine().final_share(),
                        step / last);
    case ScheduleSpec::kOneCycle: {
      const double top =
          std::max(1.0, schedule.one_cycle().warmup_share() * (last + 1) - 1);
      if (step <= top)
        return HalfCosine(rate * kOneCycleFirst, rate, step / top);
      return HalfCosine(rate, rate * kOneCycleLast,
                        (step - top) / std::max(1.0, last - top));
    }
    case ScheduleSpec::SHAPE_NOT_SET:
      break;
  }
  return rate;
}

}  // namespace tritlab
