#include "reports/runs/runs_page.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reports/page/number_format.h"
#include "reports/page/page.h"
#include "reports/page/table.h"
#include "reports/runs/find_runs.h"
#include "reports/runs/run_results.h"
#include "reports/runs/runs_figures.h"
#include "reports/runs/sweep_dynamics.h"

namespace tritlab {
namespace {

constexpr char kNothing[] = "-";

std::string OrNothing(const std::optional<double>& value) {
  return value.has_value() ? FormatFixed(*value, 2) : kNothing;
}

std::string CountOf(size_t count, absl::string_view what) {
  return absl::StrCat(count, " ", what, count == 1 ? "" : "s");
}

// Of one dataset, results that may be compared.
struct SameData {
  std::string name;
  std::vector<const RunResult*> results;
};

std::vector<SameData> ByData(const std::vector<RunResult>& results) {
  std::vector<SameData> groups;
  std::map<std::pair<std::string, std::string>, size_t> indices;
  for (const RunResult& result : results) {
    const auto [at, is_new] =
        indices.emplace(std::pair(result.dataset, result.data), groups.size());
    if (is_new) groups.push_back({result.dataset, {}});
    groups[at->second].results.push_back(&result);
  }
  return groups;
}

// The last phases of each sweep's points, by the sweep's folder; of points that
// have as many phases and axes as any, for others are not over or not its own.
std::map<std::string, std::vector<const RunResult*>> BySweep(
    const std::vector<RunResult>& results) {
  std::map<std::string, std::vector<const RunResult*>> sweeps;
  for (const RunResult& result : results) {
    if (!result.in_sweep || !result.last) continue;
    std::vector<const RunResult*>& points = sweeps[result.sweep];
    const auto extent = [](const RunResult& r) {
      return std::pair(r.phases, r.axes.size());
    };
    if (!points.empty() && extent(*points[0]) < extent(result)) points.clear();
    if (points.empty() || extent(*points[0]) == extent(result))
      points.push_back(&result);
  }
  return sweeps;
}

void AddTradeoff(Tradeoff tradeoff, const std::string& heading,
                 const std::string& suffix, Page& page) {
  if (tradeoff.points.size() < 2) return;
  absl::StrAppend(&tradeoff.name, suffix);
  page.elements.push_back(Heading{heading});
  page.elements.push_back(TradeoffFigure(tradeoff));
  page.elements.push_back(PageTable{
      FrontTable(tradeoff), PageName(absl::StrCat("front ", tradeoff.name))});
}

}  // namespace

Table RunsTable(absl::string_view name, const std::vector<RunResult>& results) {
  Table table;
  table.rows.resize(results.size());
  using Result = RunResult;
  const auto add = [&](absl::string_view title, bool numeric,
                       const std::function<std::string(const Result&)>& cell) {
    std::vector<std::string> cells;
    cells.reserve(results.size());
    for (const Result& result : results) cells.push_back(cell(result));
    if (std::all_of(cells.begin(), cells.end(),
                    [](const std::string& text) { return text == kNothing; }))
      return;
    table.columns.push_back({std::string(title), numeric});
    for (size_t i = 0; i < cells.size(); ++i)
      table.rows[i].push_back(std::move(cells[i]));
  };
  std::set<std::string> networks, datasets;
  std::set<EnergyKey> energies;
  std::vector<const RunResult*> pointers;
  bool papers = false;
  for (const Result& result : results) {
    pointers.push_back(&result);
    networks.insert(result.network);
    datasets.insert(result.dataset);
    papers = papers || result.paper_top1.has_value();
    for (const auto& [key, value] : result.energy_pj) energies.insert(key);
  }
  add("run", false, [](const Result& r) {
    return r.others == 0
               ? r.run
               : absl::StrCat(r.run, " and ", CountOf(r.others, "other"));
  });
  add("phase", false, [](const Result& r) { return r.phase; });
  add("method", false, [](const Result& r) { return r.method; });
  if (networks.size() > 1)
    add("network", false, [](const Result& r) { return r.network; });
  if (datasets.size() > 1)
    add("dataset", false, [](const Result& r) { return r.dataset; });
  add("top-1 %", true, [](const Result& r) { return FormatFixed(r.top1, 2); });
  add("\u00b1", true,
      [](const Result& r) { return OrNothing(r.top1_deviation); });
  add("seeds", true, [](const Result& r) { return absl::StrCat(r.seeds); });
  add("paper %", true, [](const Result& r) { return OrNothing(r.paper_top1); });
  if (papers) {
    add("difference", true, [](const Result& r) {
      return r.paper_top1.has_value()
                 ? FormatDifference(r.top1 - *r.paper_top1, 2)
                 : kNothing;
    });
  }
  add("start %", true, [](const Result& r) { return OrNothing(r.start_top1); });
  add("change", true, [](const Result& r) {
    return r.start_top1.has_value()
               ? FormatDifference(r.top1 - *r.start_top1, 2)
               : kNothing;
  });
  add("sparsity %", true,
      [](const Result& r) { return FormatFixed(100 * r.weight_sparsity, 2); });
  add("weight bytes", true,
      [](const Result& r) { return FormatRounded(r.weight_bytes); });
  add("\u00d7 smaller", true, [](const Result& r) {
    return r.dense_bytes > 0 && r.weight_bytes > 0
               ? FormatFixed(r.dense_bytes / r.weight_bytes, 1)
               : kNothing;
  });
  for (const EnergyKey& key : energies) {
    add(absl::StrCat("\u00b5J, ", key.process, " ", key.arithmetic), true,
        [&](const Result& r) -> std::string {
          const auto at = r.energy_pj.find(key);
          if (at == r.energy_pj.end()) return kNothing;
          const double microjoules = 1e-6 * at->second;
          return microjoules < 1000 ? FormatSignificant(microjoules)
                                    : FormatRounded(microjoules);
        });
  }
  add("epochs", true, [](const Result& r) { return FormatRounded(r.epochs); });
  add("multiply-adds", true,
      [](const Result& r) { return FormatMagnitude(r.train_multiply_adds); });
  add("seconds", true,
      [](const Result& r) { return FormatFixed(r.seconds, 1); });
  table.caption = absl::StrCat(
      "Every phase of every run in ", name, ": ", NetworksAndData(pointers),
      ". Top-1 is on the test set after the last epoch, the mean over the "
      "seeds, \u00b1 their sample standard deviation; \"change\" compares with "
      "the phase that it starts from",
      papers ? ", \"difference\" with the paper" : "",
      ". Sparsity, bytes and \"\u00d7 smaller\" (than 4 bytes each) are of the "
      "weights of all convolutions and linear layers; epochs, multiply-adds "
      "(forwards and backwards) and seconds are of the phase's training.",
      energies.empty()
          ? ""
          : " \u00b5J is the energy of one image's forward pass, "
            "memory included, zero weights skipped, by a model "
            "(reports/energy/energy.h), for each process and what layers "
            "without a method compute with.");
  return table;
}

Page RunsPage(absl::string_view name, const FoundRuns& found) {
  const std::vector<RunResult> results = ResultsOf(found.runs);
  Page page;
  page.title = absl::StrCat("Runs in ", name);
  page.lead = absl::StrCat(CountOf(found.runs.size(), "run"), ", ",
                           CountOf(results.size(), "result"));
  page.elements.push_back(PageTable{
      .table = RunsTable(name, results), .name = "runs", .sortable = true});
  if (!found.missing.empty()) {
    page.elements.push_back(Paragraph{"Not on this page:"});
    page.elements.push_back(Notes{found.missing});
  }

  const std::vector<SameData> by_data = ByData(results);
  for (size_t i = 0; i < by_data.size(); ++i) {
    const auto& [dataset, of_data] = by_data[i];
    const std::string suffix = i == 0 ? "" : absl::StrCat("_data", i + 1);
    const std::string on =
        by_data.size() > 1 ? absl::StrCat(" on ", dataset) : "";
    AddTradeoff(BytesTradeoff(of_data),
                absl::StrCat("Accuracy against bytes", on), suffix, page);
    std::set<EnergyKey> energies;
    for (const RunResult* result : of_data) {
      for (const auto& [key, value] : result->energy_pj) energies.insert(key);
    }
    for (const EnergyKey& key : energies) {
      // Networks train in floating point and run in bytes.
      if (key.arithmetic == "bf16") continue;
      AddTradeoff(EnergyTradeoff(of_data, key),
                  absl::StrCat("Accuracy against energy, ", key.process, " ",
                               key.arithmetic, on),
                  suffix, page);
    }
  }

  int number = 0;
  for (const auto& [folder, points] : BySweep(results)) {
    ++number;
    for (size_t axis = 0; axis < points[0]->axes.size(); ++axis) {
      Figure figure = AxisFigure(points, axis);
      if (figure.plot.series.empty()) continue;
      figure.plot.name = absl::StrCat("sweep_", number, "_", figure.plot.name);
      page.elements.push_back(Heading{
          absl::StrCat("Accuracy by ", points[0]->axes[axis].axis,
                       folder == "." ? "" : absl::StrCat(", sweep ", folder))});
      page.elements.push_back(std::move(figure));
    }
  }

  number = 0;
  for (SweepDynamics& dynamics : DynamicsOfSweeps(found)) {
    const std::string suffix = absl::StrCat("_", ++number);
    page.elements.push_back(Heading{absl::StrCat(
        "How training went, point by point",
        dynamics.sweep == "." ? ""
                              : absl::StrCat(", sweep ", dynamics.sweep))});
    page.elements.push_back(
        PageTable{std::move(dynamics.table),
                  PageName(absl::StrCat("sweep dynamics ", number))});
    for (Figure& figure : dynamics.figures) {
      absl::StrAppend(&figure.plot.name, suffix);
      page.elements.push_back(std::move(figure));
    }
  }
  return page;
}

}  // namespace tritlab
