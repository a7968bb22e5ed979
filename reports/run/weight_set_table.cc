#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reports/page/number_format.h"
#include "reports/page/table.h"
#include "reports/report.pb.h"
#include "reports/run/report_tables.h"
#include "reports/run/table_parts.h"

namespace tritlab {

Table WeightSetTableOf(const Report& report, const PhaseResult& phase) {
  Table table;
  if (phase.epochs().empty()) return table;
  const EpochResult& first = phase.epochs(0);
  const EpochResult& last = phase.epochs(phase.epochs_size() - 1);
  const auto& rows = last.weight_sets();
  using Sets = WeightSets;
  const auto in_first = [&](const Sets& s) {
    const auto at = std::find_if(
        first.weight_sets().begin(), first.weight_sets().end(),
        [&](const Sets& other) { return other.layer() == s.layer(); });
    return at == first.weight_sets().end() ? Sets() : *at;
  };
  const auto changed = [](const Sets& s) {
    return s.has_changed() ? Percent(s.changed()) : kNothing;
  };
  const bool gradients =
      std::any_of(rows.begin(), rows.end(),
                  [](const Sets& s) { return s.has_gradients(); });
  table.caption = absl::StrCat(
      "How weights moved between the sets positive, zero and negative in "
      "phase ",
      phase.name(), ", in epochs ", first.epoch(), " and ", last.epoch(),
      ": zeros at the epoch's end, and the share of weights that the epoch "
      "moved to another set. ",
      gradients ? "Norms are those of the gradients that the latent weights of "
                  "a set receive, learning-rate multipliers included, on the "
                  "last batch. "
                : "",
      SettingOf(report, phase), ".");
  ColumnWriter columns(&table);
  const auto epoch = [](const char* what, const EpochResult& of) {
    return absl::StrCat(what, " %, epoch ", of.epoch());
  };
  columns.Add("layer", false, rows, [](const Sets& s) { return s.layer(); });
  columns.Add(epoch("zero", first), true, rows,
              [&](const Sets& s) { return Percent(in_first(s).zero()); });
  columns.Add(epoch("zero", last), true, rows,
              [](const Sets& s) { return Percent(s.zero()); });
  columns.Add(epoch("changed", first), true, rows,
              [&](const Sets& s) { return changed(in_first(s)); });
  columns.Add(epoch("changed", last), true, rows, changed);
  if (!gradients) return table;
  const auto norm = [&](const char* title, auto value) {
    columns.Add(title, true, rows, [&](const Sets& s) {
      return s.has_gradients() ? FormatSignificant(value(s.gradients()))
                               : kNothing;
    });
  };
  using Gradients = SetGradients;
  norm("norm, positive", [](const Gradients& g) { return g.positive(); });
  norm("norm, zero", [](const Gradients& g) { return g.zero(); });
  norm("norm, negative", [](const Gradients& g) { return g.negative(); });
  std::set<std::string> learned;
  for (const Sets& sets : rows) {
    for (const auto& [name, gradient] : sets.gradients().learned())
      learned.insert(name);
  }
  for (const std::string& name : InOrder(std::move(learned))) {
    columns.Add(absl::StrCat("gradient of ", ValueTitle(name)), true, rows,
                [&](const Sets& s) -> std::string {
                  const auto at = s.gradients().learned().find(name);
                  return at == s.gradients().learned().end()
                             ? kNothing
                             : FormatSignificant(at->second);
                });
  }
  return table;
}

}  // namespace tritlab
