#include "training/step_profile.h"

#include <algorithm>
#include <cstddef>
#include <map>

#include "absl/strings/str_cat.h"

namespace tritlab {

const char* Name(Pass pass) {
  switch (pass) {
    case Pass::kLoadWeights:
      return "load_weights";
    case Pass::kForward:
      return "forward";
    case Pass::kBackwardWeights:
      return "backward_weights";
    case Pass::kBackward:
      return "backward";
    case Pass::kSumGradients:
      return "sum_gradients";
  }
  return "";
}

void StepProfile::Add(const OperatorRun& run) {
  events_.push_back({.name = graph_.nodes(run.node).name(),
                     .kind = absl::StrCat(run.kind, " ", Name(run.pass)),
                     .start_seconds = run.start_seconds,
                     .seconds = run.seconds,
                     .multiply_adds = run.multiply_adds,
                     .bytes = run.bytes});
}

void StepProfile::Add(const StepPart& part) {
  events_.push_back({.name = std::string(part.name),
                     .kind = std::string(part.name),
                     .start_seconds = part.start_seconds,
                     .seconds = part.seconds});
}

void StepProfile::EndStep(double seconds) {
  ++steps_;
  seconds_ += seconds;
}

template <typename Key>
std::vector<StepProfile::Row> StepProfile::SumsBy(const Key& key) const {
  std::vector<Row> rows;
  std::map<std::string, size_t> row_of;
  double known = 0;
  for (const Event& event : events_) {
    const std::string name = key(event);
    const auto [found, is_new] = row_of.try_emplace(name, rows.size());
    if (is_new) rows.push_back({.name = name});
    Row& row = rows[found->second];
    row.seconds += event.seconds;
    row.runs += 1;
    row.multiply_adds += event.multiply_adds;
    row.bytes += event.bytes;
    known += event.seconds;
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.seconds > b.seconds;
  });
  rows.push_back({.name = "rest",
                  .seconds = std::max(seconds_ - known, 0.0),
                  .runs = steps_});
  return rows;
}

std::vector<StepProfile::Row> StepProfile::ByKind() const {
  return SumsBy([](const Event& event) { return event.kind; });
}

std::vector<StepProfile::Row> StepProfile::ByOperator() const {
  return SumsBy([](const Event& event) {
    return event.name == event.kind ? event.name
                                    : absl::StrCat(event.name, " ", event.kind);
  });
}

}  // namespace tritlab
