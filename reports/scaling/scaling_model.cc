#include "reports/scaling/scaling_model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "reports/page/number_format.h"

namespace tritlab {
namespace {

// What the slowest rank does in one all-reduce.
struct Sending {
  double messages = 0;  // one after the other
  double times = 0;     // that it sends all of the values
};

Sending SendingOf(AllReduceAlgorithm algorithm, int64_t ranks) {
  const auto n = static_cast<uint64_t>(ranks);
  const auto times_in_parts = [](uint64_t parts) {
    return 2 * static_cast<double>(parts - 1) / static_cast<double>(parts);
  };
  switch (algorithm) {
    case AllReduceAlgorithm::kRing:
      return {.messages = 2 * static_cast<double>(n - 1),
              .times = times_in_parts(n)};
    case AllReduceAlgorithm::kHalvingDoubling: {
      const uint64_t power = std::bit_floor(n);
      const bool others = power != n;
      return {.messages = 2.0 * std::countr_zero(power) + (others ? 3 : 0),
              .times = times_in_parts(power) + (others ? 2 : 0)};
    }
    case AllReduceAlgorithm::kBinomial:
      break;
  }
  const double rounds = 2.0 * std::bit_width(n - 1);
  return {.messages = rounds, .times = rounds};
}

std::string Milliseconds(double seconds) {
  return FormatFixed(1000 * seconds, 2);
}

}  // namespace

absl::Status ValidateScalingModel(const ScalingModel& model) {
  const struct {
    const char* name;
    double value;
    bool may_be_zero;
  } fields[] = {{"compute_seconds", model.compute_seconds, false},
                {"overlap_seconds", model.overlap_seconds, true},
                {"images", model.images, false},
                {"gradient_bytes", model.gradient_bytes, false},
                {"bucket_bytes", model.bucket_bytes, false},
                {"bandwidth", model.bandwidth, false},
                {"latency", model.latency, true}};
  for (const auto& field : fields) {
    if (std::isfinite(field.value) &&
        (field.value > 0 || (field.may_be_zero && field.value == 0)))
      continue;
    return absl::InvalidArgumentError(
        absl::StrCat(field.name, " is ", field.value, "; it must be ",
                     field.may_be_zero ? "at least 0" : "above 0"));
  }
  if (model.waits < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("waits is ", model.waits, "; it must be at least 0"));
  }
  if (model.overlap_seconds > model.compute_seconds) {
    return absl::InvalidArgumentError(absl::StrCat(
        "overlap_seconds is ", model.overlap_seconds,
        "; it is a part of compute_seconds, ", model.compute_seconds));
  }
  return absl::OkStatus();
}

ScaledStep ScaleStep(const ScalingModel& model, int64_t ranks) {
  const double n = static_cast<double>(ranks);
  const double buckets = std::ceil(model.gradient_bytes / model.bucket_bytes);
  const Sending sending = SendingOf(model.algorithm, ranks);
  ScaledStep step;
  step.all_reduce_seconds =
      buckets * sending.messages * model.latency +
      sending.times * model.gradient_bytes / model.bandwidth;
  step.exposed_seconds =
      std::max(step.all_reduce_seconds - model.overlap_seconds,
               step.all_reduce_seconds / buckets);
  step.wait_seconds = model.waits *
                      SendingOf(AllReduceAlgorithm::kBinomial, ranks).messages *
                      model.latency;
  step.step_seconds =
      model.compute_seconds + step.exposed_seconds + step.wait_seconds;
  step.images_per_second = n * model.images / step.step_seconds;
  step.efficiency = model.compute_seconds / step.step_seconds;
  return step;
}

Table ScalingTable(const ScalingModel& model,
                   const std::vector<int64_t>& ranks) {
  Table table{.caption = absl::StrCat(
                  "A training step on N ranks, each with ",
                  FormatSignificant(model.images), " images: modelled from ",
                  Milliseconds(model.compute_seconds), " ms of computation, ",
                  FormatSignificant(model.gradient_bytes / 1e6),
                  " MB of gradients, links of ",
                  FormatSignificant(8e-9 * model.bandwidth), " Gbit/s and ",
                  FormatSignificant(1e6 * model.latency), " microseconds"),
              .columns = {{.title = "ranks"},
                          {.title = "all-reduce, ms"},
                          {.title = "not hidden, ms"},
                          {.title = "waits, ms"},
                          {.title = "step, ms"},
                          {.title = "images/s"},
                          {.title = "efficiency, %"}},
              .rows = {}};
  for (const int64_t n : ranks) {
    const ScaledStep step = ScaleStep(model, n);
    table.rows.push_back(
        {FormatCount(n), Milliseconds(step.all_reduce_seconds),
         Milliseconds(step.exposed_seconds), Milliseconds(step.wait_seconds),
         Milliseconds(step.step_seconds), FormatRounded(step.images_per_second),
         FormatFixed(100 * step.efficiency, 1)});
  }
  return table;
}

}  // namespace tritlab
