#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reports/number_format.h"
#include "reports/report.pb.h"
#include "reports/report_tables.h"
#include "reports/table.h"
#include "reports/table_parts.h"

namespace tritlab {
namespace {

// From picojoules.
std::string Microjoules(double pj) {
  const double uj = 1e-6 * pj;
  return uj < 1000 ? FormatSignificant(uj) : FormatRounded(uj);
}

double TrafficOf(const EnergyEntry& entry) {
  return entry.weight_traffic_pj() + entry.activation_traffic_pj();
}

}  // namespace

double SparseEnergyOf(const EnergyEntry& entry) {
  return entry.weight_sparse_compute_pj() + entry.weight_sparse_register_pj() +
         TrafficOf(entry);
}

Table EnergyTableOf(const Report& report) {
  struct Row {
    const PhaseResult* phase;
    const EnergyResult* energy;
  };
  std::vector<Row> rows;
  std::vector<std::string> sources;
  bool registers = false, activations = false;
  for (const PhaseResult& phase : report.results()) {
    for (const EnergyResult& energy : phase.energy()) {
      rows.push_back({&phase, &energy});
      const std::string source =
          absl::StrCat(energy.process(), ": ", energy.source());
      if (std::find(sources.begin(), sources.end(), source) == sources.end())
        sources.push_back(source);
      registers |= energy.total().has_register_pj();
      activations |= energy.total().has_both_sparse_operations();
    }
  }
  Table table;
  table.caption = absl::StrCat(
      "Energy of one image's forward pass through the convolutions and linear "
      "layers, by a model (reports/energy.h; not measured, and without "
      "control, leakage and all other layers). Operations are additions, "
      "multiplications and shifts; \"0 w\" skips those of zero weights",
      activations ? ", \"0 w a\" those of zero activations as well" : "",
      ". \"Arithmetic\" is what is computed with where the phase does not "
      "quantize. Weights are read once for each image from DRAM at their "
      "packed size; activations once a layer from the chip's largest memory "
      "where "
      "they fit it, from DRAM where not. \"Memory \u00b5J\" is both",
      registers ? " and operands from registers" : "",
      ", \"total \u00b5J\" memory and computing with zero weights skipped, "
      "\"\u00d7 f32\" that total over the same network's in f32 with no zero "
      "skipped. Costs: ",
      absl::StrJoin(sources, "; "), ". ", SettingOf(report), ".");
  ColumnWriter columns(&table);
  columns.Add("phase", false, rows,
              [](const Row& r) { return r.phase->name(); });
  columns.Add("process", false, rows,
              [](const Row& r) { return r.energy->process(); });
  columns.Add("arithmetic", false, rows,
              [](const Row& r) { return r.energy->activations(); });
  columns.Add("total \u00b5J", true, rows, [](const Row& r) {
    return Microjoules(SparseEnergyOf(r.energy->total()));
  });
  columns.Add("\u00d7 f32", true, rows, [](const Row& r) {
    const double all = r.energy->full_precision_pj();
    return all > 0 ? FormatFixed(SparseEnergyOf(r.energy->total()) / all, 3)
                   : kNothing;
  });
  columns.Add("operations", true, rows, [](const Row& r) {
    return FormatMagnitude(r.energy->total().operations());
  });
  columns.Add("operations, 0 w", true, rows, [](const Row& r) {
    return FormatMagnitude(r.energy->total().weight_sparse_operations());
  });
  if (activations) {
    columns.Add("operations, 0 w a", true, rows, [](const Row& r) {
      return r.energy->total().has_both_sparse_operations()
                 ? FormatMagnitude(r.energy->total().both_sparse_operations())
                 : kNothing;
    });
  }
  columns.Add("compute \u00b5J", true, rows, [](const Row& r) {
    return Microjoules(r.energy->total().compute_pj());
  });
  columns.Add("compute \u00b5J, 0 w", true, rows, [](const Row& r) {
    return Microjoules(r.energy->total().weight_sparse_compute_pj());
  });
  if (activations) {
    columns.Add("compute \u00b5J, 0 w a", true, rows, [](const Row& r) {
      return r.energy->total().has_both_sparse_compute_pj()
                 ? Microjoules(r.energy->total().both_sparse_compute_pj())
                 : kNothing;
    });
  }
  columns.Add("weights \u00b5J", true, rows, [](const Row& r) {
    return Microjoules(r.energy->total().weight_traffic_pj());
  });
  columns.Add("activations \u00b5J", true, rows, [](const Row& r) {
    return Microjoules(r.energy->total().activation_traffic_pj());
  });
  columns.Add("memory \u00b5J", true, rows, [](const Row& r) {
    return Microjoules(r.energy->total().weight_sparse_register_pj() +
                       TrafficOf(r.energy->total()));
  });
  return table;
}

Table LayerEnergyTableOf(const Report& report, const PhaseResult& phase) {
  Table table;
  table.caption = absl::StrCat(
      "Energy by layer after phase ", phase.name(),
      ", of one image, by a model (reports/energy.h; not measured). For each "
      "process and arithmetic: microjoules of computing with zero weights "
      "skipped, and of reading weights and moving activations. ",
      SettingOf(report), ".");
  ColumnWriter columns(&table);
  std::set<std::string> shown;
  for (const EnergyResult& energy : phase.energy()) {
    const auto& layers = energy.layers();
    if (layers.empty() || layers.size() != phase.layers_size()) continue;
    using Entry = EnergyEntry;
    if (table.columns.empty()) {
      columns.Add("layer", false, layers,
                  [](const Entry& l) { return l.name(); });
      columns.Add("multiply-adds", true, phase.layers(),
                  [](const LayerResult& l) {
                    return FormatMagnitude(l.multiply_adds());
                  });
    }
    const std::string& arithmetic = energy.activations();
    // Counts are the same in every process.
    if (shown.insert(arithmetic).second) {
      columns.Add(absl::StrCat("computed as, ", arithmetic), false, layers,
                  [](const Entry& l) { return l.method(); });
      columns.Add(absl::StrCat("operations, 0 w, ", arithmetic), true, layers,
                  [](const Entry& l) {
                    return FormatMagnitude(l.weight_sparse_operations());
                  });
    }
    const std::string where = absl::StrCat(energy.process(), " ", arithmetic);
    columns.Add(absl::StrCat("compute \u00b5J, ", where), true, layers,
                [](const Entry& l) {
                  return Microjoules(l.weight_sparse_compute_pj());
                });
    columns.Add(
        absl::StrCat("memory \u00b5J, ", where), true, layers,
        [](const Entry& l) {
          return Microjoules(l.weight_sparse_register_pj() + TrafficOf(l));
        });
  }
  return table;
}

}  // namespace tritlab
