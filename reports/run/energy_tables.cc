#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reports/page/number_format.h"
#include "reports/page/table.h"
#include "reports/report.pb.h"
#include "reports/run/report_tables.h"
#include "reports/run/table_parts.h"

namespace tritlab {
namespace {

double TrafficOf(const EnergyEntry& entry) {
  return entry.weight_traffic_pj() + entry.activation_traffic_pj();
}

double DramBits(const EnergyEntry& entry) {
  return entry.weight_dram_bits() + entry.activation_dram_bits();
}

// Of the picojoules of moving activations, those of DRAM. A bit costs there
// what one of the weights does, which are nowhere else.
double ActivationDramEnergy(const EnergyEntry& entry) {
  if (!(entry.activation_dram_bits() > 0)) return 0;
  if (!(entry.activation_buffer_bits() > 0))
    return entry.activation_traffic_pj();
  return entry.weight_dram_bits() > 0
             ? entry.weight_traffic_pj() * entry.activation_dram_bits() /
                   entry.weight_dram_bits()
             : 0;
}

double DramEnergy(const EnergyEntry& entry) {
  return entry.weight_traffic_pj() + ActivationDramEnergy(entry);
}

double BufferEnergy(const EnergyEntry& entry) {
  return std::max(0.0, TrafficOf(entry) - DramEnergy(entry));
}

double DenseEnergyOf(const EnergyEntry& entry) {
  return entry.compute_pj() + entry.register_pj() + TrafficOf(entry);
}

// Of an entry with both_sparse_compute_pj.
double BothSparseEnergyOf(const EnergyEntry& entry) {
  return entry.both_sparse_compute_pj() + entry.both_sparse_register_pj() +
         TrafficOf(entry);
}

std::string Bytes(double bits) { return FormatMagnitude(bits / 8); }

// "0 w a": what the columns of it say of rows that do not have it.
std::string BothSparseNote(bool activations) {
  return activations
             ? ", \"0 w a\" those of zero activations as well, which were "
               "counted in the format of training: rounding to 8 bits makes "
               "further zeros, which int8 here does not skip"
             : "";
}

// Columns of operations, then of microjoules; `entry` gives a row's
// EnergyEntry. Those of zero activations only where any row has them.
template <typename Rows, typename EntryOfRow>
void AddComputing(const Rows& rows, bool activations, EntryOfRow entry,
                  ColumnWriter& columns) {
  using Row = typename Rows::value_type;
  columns.Add("operations", true, rows, [&](const Row& r) {
    return FormatMagnitude(entry(r).operations());
  });
  columns.Add("operations, 0 w", true, rows, [&](const Row& r) {
    return FormatMagnitude(entry(r).weight_sparse_operations());
  });
  if (activations) {
    columns.Add("operations, 0 w a", true, rows, [&](const Row& r) {
      return entry(r).has_both_sparse_operations()
                 ? FormatMagnitude(entry(r).both_sparse_operations())
                 : kNothing;
    });
  }
  columns.Add("compute \u00b5J", true, rows,
              [&](const Row& r) { return Microjoules(entry(r).compute_pj()); });
  columns.Add("compute \u00b5J, 0 w", true, rows, [&](const Row& r) {
    return Microjoules(entry(r).weight_sparse_compute_pj());
  });
  if (activations) {
    columns.Add("compute \u00b5J, 0 w a", true, rows, [&](const Row& r) {
      return entry(r).has_both_sparse_compute_pj()
                 ? Microjoules(entry(r).both_sparse_compute_pj())
                 : kNothing;
    });
  }
}

template <typename Rows, typename EntryOfRow>
void AddTotals(const Rows& rows, bool activations, EntryOfRow entry,
               ColumnWriter& columns) {
  using Row = typename Rows::value_type;
  columns.Add("total \u00b5J", true, rows, [&](const Row& r) {
    return Microjoules(DenseEnergyOf(entry(r)));
  });
  columns.Add("total \u00b5J, 0 w", true, rows, [&](const Row& r) {
    return Microjoules(SparseEnergyOf(entry(r)));
  });
  if (activations) {
    columns.Add("total \u00b5J, 0 w a", true, rows, [&](const Row& r) {
      return entry(r).has_both_sparse_compute_pj()
                 ? Microjoules(BothSparseEnergyOf(entry(r)))
                 : kNothing;
    });
  }
}

// A phase's estimate for one process and arithmetic.
struct EstimateRow {
  const PhaseResult* phase;
  const EnergyResult* energy;
};

std::vector<EstimateRow> EstimatesOf(const Report& report) {
  std::vector<EstimateRow> rows;
  for (const PhaseResult& phase : report.results()) {
    for (const EnergyResult& energy : phase.energy())
      rows.push_back({&phase, &energy});
  }
  return rows;
}

void AddNames(const std::vector<EstimateRow>& rows, ColumnWriter& columns) {
  using Row = EstimateRow;
  columns.Add("phase", false, rows,
              [](const Row& r) { return r.phase->name(); });
  columns.Add("process", false, rows,
              [](const Row& r) { return r.energy->process(); });
  columns.Add("arithmetic", false, rows,
              [](const Row& r) { return r.energy->activations(); });
}

}  // namespace

double SparseEnergyOf(const EnergyEntry& entry) {
  return entry.weight_sparse_compute_pj() + entry.weight_sparse_register_pj() +
         TrafficOf(entry);
}

Table EnergyTableOf(const Report& report) {
  using Row = EstimateRow;
  const std::vector<Row> rows = EstimatesOf(report);
  std::vector<std::string> sources;
  bool registers = false, activations = false;
  for (const Row& row : rows) {
    const std::string source =
        absl::StrCat(row.energy->process(), ": ", row.energy->source());
    if (std::find(sources.begin(), sources.end(), source) == sources.end())
      sources.push_back(source);
    registers |= row.energy->total().has_register_pj();
    activations |= row.energy->total().has_both_sparse_operations();
  }
  Table table;
  table.caption = absl::StrCat(
      "Energy of one image's forward pass through the convolutions and linear "
      "layers, by a model (reports/energy/energy.h; not measured, and without "
      "control, leakage and all other layers). Operations are additions, "
      "multiplications and shifts; \"0 w\" skips those of zero weights",
      BothSparseNote(activations),
      ". \"Arithmetic\" is what is computed with where the phase does not "
      "quantize. \"Memory \u00b5J\" is the traffic of weights and activations",
      registers ? " and operands from registers, those of zero weights left out"
                : "",
      ", \"total \u00b5J\" computing and memory together, \"\u00d7 f32\" the "
      "total with zero weights skipped over the same network's in f32 with no "
      "zero skipped. Costs: ",
      absl::StrJoin(sources, "; "), ". ", SettingOf(report), ".");
  ColumnWriter columns(&table);
  AddNames(rows, columns);
  const auto total = [](const Row& r) -> const EnergyEntry& {
    return r.energy->total();
  };
  AddTotals(rows, activations, total, columns);
  columns.Add("\u00d7 f32", true, rows, [](const Row& r) {
    const double all = r.energy->full_precision_pj();
    return all > 0 ? FormatFixed(SparseEnergyOf(r.energy->total()) / all, 3)
                   : kNothing;
  });
  AddComputing(rows, activations, total, columns);
  columns.Add("memory \u00b5J", true, rows, [](const Row& r) {
    return Microjoules(r.energy->total().weight_sparse_register_pj() +
                       TrafficOf(r.energy->total()));
  });
  return table;
}

Table MemoryTrafficTableOf(const Report& report) {
  using Row = EstimateRow;
  const std::vector<Row> rows = EstimatesOf(report);
  const bool registers = std::any_of(
      rows.begin(), rows.end(),
      [](const Row& r) { return r.energy->total().has_register_pj(); });
  Table table;
  table.caption = absl::StrCat(
      "Memory traffic of one image's forward pass, in bytes and in energy, by "
      "level of memory, by a model (reports/energy/energy.h; not measured). "
      "Weights "
      "are read once for each image from DRAM at their packed size. "
      "Activations are read and written once a layer: in the buffer, the "
      "chip's largest memory, where a layer's inputs and outputs fit it "
      "together, in DRAM where not. ",
      registers ? "Registers are read and written by each operation, those of "
                  "zero weights left out. "
                : "",
      SettingOf(report), ".");
  ColumnWriter columns(&table);
  AddNames(rows, columns);
  columns.Add("DRAM bytes, weights", true, rows, [](const Row& r) {
    return Bytes(r.energy->total().weight_dram_bits());
  });
  columns.Add("DRAM bytes, activations", true, rows, [](const Row& r) {
    return Bytes(r.energy->total().activation_dram_bits());
  });
  columns.Add("buffer bytes, activations", true, rows, [](const Row& r) {
    return Bytes(r.energy->total().activation_buffer_bits());
  });
  columns.Add("weights \u00b5J", true, rows, [](const Row& r) {
    return Microjoules(r.energy->total().weight_traffic_pj());
  });
  columns.Add("activations \u00b5J", true, rows, [](const Row& r) {
    return Microjoules(r.energy->total().activation_traffic_pj());
  });
  columns.Add("DRAM \u00b5J", true, rows, [](const Row& r) {
    return Microjoules(DramEnergy(r.energy->total()));
  });
  columns.Add("buffer \u00b5J", true, rows, [](const Row& r) {
    return Microjoules(BufferEnergy(r.energy->total()));
  });
  if (registers) {
    columns.Add("registers \u00b5J", true, rows, [](const Row& r) {
      return Microjoules(r.energy->total().weight_sparse_register_pj());
    });
  }
  return table;
}

Table LayerEnergyTableOf(const Report& report, const PhaseResult& phase,
                         const EnergyResult& energy) {
  Table table;
  using Entry = EnergyEntry;
  const std::vector<Entry> layers(energy.layers().begin(),
                                  energy.layers().end());
  if (layers.empty() || energy.layers_size() != phase.layers_size())
    return table;
  const bool registers = energy.total().has_register_pj();
  const bool activations = std::any_of(
      layers.begin(), layers.end(),
      [](const Entry& l) { return l.has_both_sparse_operations(); });
  table.caption = absl::StrCat(
      "Energy by layer after phase ", phase.name(), ", of one image, at ",
      energy.process(), ", in ", energy.activations(),
      " where the phase does not quantize, by a model "
      "(reports/energy/energy.h; not "
      "measured). Operations are additions, multiplications and shifts; \"0 "
      "w\" skips those of zero weights",
      BothSparseNote(activations),
      ". DRAM has the weights, and the activations of layers whose inputs and "
      "outputs do not fit the chip's buffer together; \"total \u00b5J\" is "
      "computing and memory",
      registers ? ", registers among it" : "", ". ", SettingOf(report), ".");
  ColumnWriter columns(&table);
  columns.Add("layer", false, layers, [](const Entry& l) { return l.name(); });
  columns.Add("computed as", false, layers,
              [](const Entry& l) { return l.method(); });
  columns.Add("multiply-adds", true, phase.layers(), [](const LayerResult& l) {
    return FormatMagnitude(l.multiply_adds());
  });
  const auto itself = [](const Entry& l) -> const Entry& { return l; };
  AddComputing(layers, activations, itself, columns);
  columns.Add("DRAM bytes", true, layers,
              [](const Entry& l) { return Bytes(DramBits(l)); });
  columns.Add("buffer bytes", true, layers,
              [](const Entry& l) { return Bytes(l.activation_buffer_bits()); });
  columns.Add("DRAM \u00b5J", true, layers,
              [](const Entry& l) { return Microjoules(DramEnergy(l)); });
  columns.Add("buffer \u00b5J", true, layers,
              [](const Entry& l) { return Microjoules(BufferEnergy(l)); });
  AddTotals(layers, activations, itself, columns);
  return table;
}

}  // namespace tritlab
