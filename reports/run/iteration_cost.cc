#include "reports/run/iteration_cost.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "reports/find_phase.h"
#include "reports/page/number_format.h"
#include "reports/run/report_tables.h"
#include "reports/run/table_parts.h"

namespace tritlab {
namespace {

// ImageNet's (ILSVRC 2012) training images.
constexpr double kImageNetImages = 1281167;
// Forwards and twice as much backwards.
constexpr double kPassesOfTraining = 3;

bool IsStaged(const PhaseResult& phase) {
  return phase.stages() > 1 && phase.epochs_size() > 0 &&
         phase.epochs_size() % phase.stages() == 0;
}

// The share of all weights that INQ has frozen at the end of an epoch: its
// layers report theirs as "LAYER/frozen", the others keep theirs.
double FrozenShare(const PhaseResult& phase, const EpochResult& epoch) {
  double frozen = 0, weights = 0;
  for (const LayerResult& layer : phase.layers()) {
    weights += layer.weights();
    const auto share = epoch.values().find(layer.name() + "/frozen");
    if (share != epoch.values().end())
      frozen += share->second * layer.weights();
  }
  return weights > 0 ? frozen / weights : 0;
}

std::string Hours(double seconds) { return FormatSignificant(seconds / 3600); }

}  // namespace

Table StageTableOf(const Report& report, const PhaseResult& phase) {
  Table table;
  if (!IsStaged(phase)) return table;
  const int stages = static_cast<int>(phase.stages());
  const int epochs = phase.epochs_size() / stages;
  table.caption = absl::StrCat(
      "What the stages of phase ", phase.name(),
      " cost. Each freezes a further part of the weights at their quantized "
      "values and re-trains the others; \"rounded at once\" is the same start "
      "with all weights quantized and nothing re-trained. Multiply-adds are "
      "those of convolutions and linear layers, forwards and backwards; wall "
      "time includes evaluation. Top-1 is that of the network as it then is, "
      "whose weights are all quantized only where 100 % are frozen. ",
      SettingOf(report), ".");
  table.columns = {{"step", false},    {"epochs", true},
                   {"seconds", true},  {"multiply-adds", true},
                   {"frozen %", true}, {"top-1 %", true}};
  const auto add = [&](const std::string& step, int epochs_taken,
                       double seconds, double multiply_adds,
                       const std::string& frozen, double top1) {
    table.rows.push_back(
        {step, absl::StrCat(epochs_taken), FormatFixed(seconds, 1),
         FormatMagnitude(multiply_adds), frozen, FormatFixed(top1, 2)});
  };
  const auto add_phase = [&](const std::string& step, const PhaseResult& of,
                             const std::string& frozen) {
    add(step, of.epochs_size(), of.seconds(), of.train_multiply_adds(), frozen,
        of.top1());
  };
  if (const PhaseResult* start = FindPhase(report, phase.starts_from()))
    add_phase(absl::StrCat("start: ", start->name()), *start, kNothing);
  add("rounded at once", 0, 0, 0, kNothing, phase.initial_top1());
  double before = 0;
  for (int stage = 0; stage < stages; ++stage) {
    const EpochResult& last = phase.epochs((stage + 1) * epochs - 1);
    add(absl::StrCat("stage ", stage + 1), epochs, last.seconds() - before,
        phase.train_multiply_adds() / stages,
        FormatFixed(100 * FrozenShare(phase, last), 2), last.test_top1());
    before = last.seconds();
  }
  add_phase(
      absl::StrCat("all ", stages, " stages"), phase,
      FormatFixed(
          100 * FrozenShare(phase, phase.epochs(phase.epochs_size() - 1)), 2));
  for (const PhaseResult& other : report.results()) {
    if (other.name() != phase.name() &&
        other.starts_from() == phase.starts_from() &&
        !phase.starts_from().empty()) {
      add_phase(absl::StrCat("instead: ", other.name()), other, kNothing);
    }
  }
  return table;
}

Table ExtrapolationTableOf(const Report& report, const PhaseResult& phase) {
  Table table;
  // Not report.network()'s: the phase may have trained a larger one, whose
  // filters were removed after it.
  const double here = MultiplyAddsOf(phase);
  if (!IsStaged(phase) || !(phase.images_per_second() > 0) || !(here > 0))
    return table;
  const double rate = phase.images_per_second() * here;
  const int epochs = phase.epochs_size();
  table.caption = absl::StrCat(
      "What phase ", phase.name(),
      " would cost with ImageNet: extrapolated, not measured. Assumed are ",
      FormatCount(static_cast<uint64_t>(kImageNetImages)),
      " training images of 224 pixels a side, as many epochs as here (", epochs,
      " in ", phase.stages(),
      " stages), and as many multiply-adds a second as "
      "this machine did here in training (",
      FormatMagnitude(kPassesOfTraining * rate),
      "/s: ", FormatRounded(phase.images_per_second()), " images/s of ",
      FormatMagnitude(here),
      " multiply-adds each, forwards); larger layers may run faster, reading "
      "and decoding of photographs, "
      "which is left out, slower; evaluation is left out too. Images/s are "
      "those of training. ",
      SettingOf(report), ".");
  table.columns = {{"network", false},
                   {"multiply-adds an image, forwards", true},
                   {"\u00d7 this network", true},
                   {"images/s", true},
                   {"hours an epoch", true},
                   {absl::StrCat("hours, ", epochs, " epochs"), true},
                   {"multiply-adds, all", true}};
  for (const NetworkSummary& network : report.reference_networks()) {
    const double each = network.multiply_adds();
    if (!(each > 0)) continue;
    const double images_per_second = rate / each;
    const double epoch_seconds = kImageNetImages / images_per_second;
    table.rows.push_back(
        {network.name(), FormatMagnitude(each), FormatFixed(each / here, 1),
         FormatSignificant(images_per_second), Hours(epoch_seconds),
         Hours(epoch_seconds * epochs),
         FormatMagnitude(kPassesOfTraining * each * kImageNetImages * epochs)});
  }
  return table;
}

}  // namespace tritlab
