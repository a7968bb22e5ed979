#include "reports/run/filter_removal.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reports/page/number_format.h"
#include "reports/run/report_tables.h"
#include "reports/run/table_parts.h"

namespace tritlab {
namespace {

constexpr char kArithmetic[] = "int8";  // EnergyResult.activations

uint64_t RemovedFrom(const RemovedFromLayer& layer) {
  return uint64_t{layer.zero()} + layer.unread() + layer.constant();
}

uint64_t RemovedIn(const PhaseResult& phase) {
  uint64_t removed = 0;
  for (const RemovedFromLayer& layer : phase.filter_removal().layers())
    removed += RemovedFrom(layer);
  return removed;
}

const EnergyResult* FindEnergy(const PhaseResult& phase,
                               const std::string& process) {
  for (const EnergyResult& energy : phase.energy()) {
    if (energy.process() == process && energy.activations() == kArithmetic)
      return &energy;
  }
  return nullptr;
}

// The processes that every row has an estimate for.
std::vector<std::string> ProcessesOf(
    const std::vector<const PhaseResult*>& rows) {
  std::vector<std::string> processes;
  for (const EnergyResult& energy : rows.front()->energy()) {
    const std::string& process = energy.process();
    const bool everywhere =
        std::all_of(rows.begin(), rows.end(), [&](const PhaseResult* phase) {
          return FindEnergy(*phase, process) != nullptr;
        });
    if (everywhere && energy.activations() == kArithmetic)
      processes.push_back(process);
  }
  return processes;
}

}  // namespace

Table FilterRemovalTableOf(const Report& report) {
  Table table;
  const auto removal = std::find_if(
      report.results().begin(), report.results().end(),
      [](const PhaseResult& phase) { return phase.has_filter_removal(); });
  if (removal == report.results().end()) return table;
  std::vector<const PhaseResult*> rows;
  for (const PhaseResult& phase : report.results()) {
    if (phase.name() == removal->starts_from() || &phase == &*removal ||
        phase.starts_from() == removal->name())
      rows.push_back(&phase);
  }
  const std::vector<std::string> processes = ProcessesOf(rows);
  table.caption = absl::StrCat(
      "Removal of redundant filters from the network of phase ",
      removal->starts_from(),
      ": output channels that are zero behind their normalization, that no "
      "weight reads, or that add a constant. The remaining values are carried "
      "over as they were. Duplicates stay: the weights that read them, added "
      "up, would be none of the codebook's. Multiply-adds are of one image. "
      "Energy is that of "
      "one "
      "image by a model (reports/energy/energy.h; not measured), with int8 "
      "where "
      "nothing else is quantized and zero weights skipped. ",
      SettingOf(report), ".");
  table.columns = {{"phase", false},          {"top-1 %", true},
                   {"filters removed", true}, {"weights", true},
                   {"weight bytes", true},    {"multiply-adds", true}};
  for (const std::string& process : processes)
    table.columns.push_back({absl::StrCat("\u00b5J, ", process), true});
  for (const PhaseResult* phase : rows) {
    const bool before = phase->name() == removal->starts_from();
    std::vector<std::string> row = {
        phase->name(),
        FormatFixed(phase->top1(), 2),
        FormatCount(before ? 0 : RemovedIn(*removal)),
        FormatCount(WeightsOf(*phase)),
        FormatCount(phase->weight_bytes()),
        FormatMagnitude(MultiplyAddsOf(*phase))};
    for (const std::string& process : processes)
      row.push_back(
          Microjoules(SparseEnergyOf(FindEnergy(*phase, process)->total())));
    table.rows.push_back(row);
  }
  return table;
}

Table RemovedFiltersTableOf(const Report& report, const PhaseResult& phase) {
  Table table;
  const FilterRemoval& removal = phase.filter_removal();
  table.caption = absl::StrCat(
      "The filters that phase ", phase.name(), " removed from the network of ",
      phase.starts_from(),
      ", by layer. \"Zero\": without weights, and 0 behind bias and "
      "normalization. \"Unread\": the next layer has no weight for the channel "
      "that is not 0. \"Constant\": without weights; what they add went into "
      "what follows. The first two change nothing but the order of sums, the "
      "third also rounding. ");
  if (removal.requantized_weights() > 0) {
    absl::StrAppend(
        &table.caption, FormatCount(removal.requantized_weights()),
        " weights are given another value when the method quantizes the "
        "smaller layers anew, as re-training does from its first step: its "
        "thresholds or scales follow a layer as a whole. ");
  }
  absl::StrAppend(&table.caption, SettingOf(report), ".");
  table.columns = {{"layer", false}, {"filters before", true}, {"zero", true},
                   {"unread", true}, {"constant", true},       {"left", true}};
  for (const RemovedFromLayer& layer : removal.layers()) {
    table.rows.push_back(
        {layer.name(), FormatCount(layer.filters()), FormatCount(layer.zero()),
         FormatCount(layer.unread()), FormatCount(layer.constant()),
         FormatCount(layer.filters() - RemovedFrom(layer))});
  }
  return table;
}

}  // namespace tritlab
