#include "reports/report_tables.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "reports/number_format.h"
#include "reports/report.pb.h"
#include "reports/table.h"

namespace tritlab {
namespace {

constexpr char kNothing[] = "-";

std::string OrNothing(const std::string& text) {
  return text.empty() ? kNothing : text;
}

std::string Percent(double share) { return FormatFixed(100 * share, 2); }

const PhaseResult* FindPhase(const Report& report, const std::string& name) {
  for (const PhaseResult& phase : report.results()) {
    if (phase.name() == name) return &phase;
  }
  return nullptr;
}

const PaperResult* FindPaper(const Report& report, const std::string& phase) {
  for (const PaperResult& paper : report.paper()) {
    if (paper.phase() == phase) return &paper;
  }
  return nullptr;
}

// Bytes of the layers' weights at 4 bytes each; 0 if the layers are not known.
uint64_t DenseBytes(const PhaseResult& phase) {
  uint64_t weights = 0;
  for (const LayerResult& layer : phase.layers()) weights += layer.weights();
  return 4 * weights;
}

std::string TimesSmaller(uint64_t dense_bytes, uint64_t bytes) {
  if (dense_bytes == 0 || bytes == 0) return kNothing;
  return FormatFixed(static_cast<double>(dense_bytes) / bytes, 1);
}

// Adds a column and its cell for each row; the table grows to the right.
class ColumnWriter {
 public:
  explicit ColumnWriter(Table* table) : table_(table) {}
  template <typename Rows, typename Cell>
  void Add(absl::string_view title, bool numeric, const Rows& rows, Cell cell) {
    table_->columns.push_back({std::string(title), numeric});
    table_->rows.resize(rows.size());
    for (int i = 0; i < static_cast<int>(rows.size()); ++i) {
      table_->rows[i].push_back(cell(rows[i]));
    }
  }

 private:
  Table* table_;
};

// The names of quantizers' values in a fixed order: those of TTQ as the paper
// names them, then the others by name.
std::vector<std::string> InOrder(std::set<std::string> names) {
  std::vector<std::string> ordered;
  for (const char* known : {"w_p", "w_n", "threshold"}) {
    if (names.erase(known) > 0) ordered.push_back(known);
  }
  ordered.insert(ordered.end(), names.begin(), names.end());
  return ordered;
}

std::vector<std::string> ValueNames(const PhaseResult& phase) {
  std::set<std::string> names;
  for (const LayerResult& layer : phase.layers()) {
    for (const auto& [name, value] : layer.values()) names.insert(name);
  }
  return InOrder(std::move(names));
}

std::string ValueTitle(const std::string& name) {
  if (name == "w_p") return "W_p";
  if (name == "w_n") return "W_n";
  return name;
}

// From picojoules.
std::string Microjoules(double pj) {
  const double uj = 1e-6 * pj;
  return uj < 1000 ? FormatSignificant(uj) : FormatRounded(uj);
}

double TrafficOf(const EnergyEntry& entry) {
  return entry.weight_traffic_pj() + entry.activation_traffic_pj();
}

// Shares of all layers together: of their activations, their weights and their
// multiply-adds.
LayerResult AllLayers(const std::vector<LayerResult>& layers) {
  LayerResult all;
  all.set_name("all");
  double inputs = 0, zero_inputs = 0, zero_inputs_before = 0;
  double weights = 0, zero_weights = 0, products = 0, both = 0;
  bool quantized = false;
  for (const LayerResult& layer : layers) {
    inputs += layer.input_values();
    zero_inputs += layer.zero_activations() * layer.input_values();
    quantized |= layer.has_zero_activations_before_quantization();
    zero_inputs_before += layer.input_values() *
                          (layer.has_zero_activations_before_quantization()
                               ? layer.zero_activations_before_quantization()
                               : layer.zero_activations());
    weights += layer.weights();
    zero_weights += layer.sparsity() * layer.weights();
    products += layer.multiply_adds();
    both += layer.both_nonzero() * layer.multiply_adds();
  }
  all.set_input_values(static_cast<uint32_t>(inputs));
  all.set_zero_activations(zero_inputs / inputs);
  if (quantized)
    all.set_zero_activations_before_quantization(zero_inputs_before / inputs);
  all.set_sparsity(zero_weights / weights);
  all.set_multiply_adds(products);
  all.set_both_nonzero(both / products);
  return all;
}

// What is known of the integer program, with a blank behind it.
std::string IntegerSentence(const Report& report) {
  const ModelFile& file = report.model_file();
  if (!file.has_integer_top1()) {
    return file.why_no_integer_program().empty()
               ? ""
               : absl::StrCat("No integer program: ",
                              file.why_no_integer_program(), ". ");
  }
  const PhaseResult* phase = FindPhase(report, file.phase());
  std::string text = absl::StrCat("Top-1 of its integer program: ",
                                  FormatFixed(file.integer_top1(), 2), " %");
  if (phase != nullptr) {
    absl::StrAppend(&text, ", against ", FormatFixed(phase->top1(), 2),
                    " % of the same weights in floating point (",
                    FormatDifference(file.integer_top1() - phase->top1(), 2),
                    ")");
  }
  if (file.integer_weight_error() > 0) {
    absl::StrAppend(&text, "; quantized weights as bytes are off by up to ",
                    FormatFixed(100 * file.integer_weight_error(), 2),
                    " % of the largest");
  }
  return absl::StrCat(text, ". ");
}

}  // namespace

std::string SettingOf(const Report& report) {
  const Provenance& run = report.provenance();
  std::string text = absl::StrCat(
      "Run: ",
      report.network().name().empty() ? "a network" : report.network().name(),
      " on ", run.dataset().empty() ? "an unnamed dataset" : run.dataset());
  if (!run.data_type().empty()) absl::StrAppend(&text, ", ", run.data_type());
  absl::StrAppend(&text, ", seed ", run.seed());
  return text;
}

std::string TitleOf(const Report& report) {
  const std::string& name = report.provenance().experiment();
  return absl::StrCat(name.empty() ? "Report" : name, ", seed ",
                      report.provenance().seed());
}

Table SummaryTableOf(const Report& report, SummaryDetail detail) {
  const bool page = detail == SummaryDetail::kPage;
  const auto& phases = report.results();
  using Phase = PhaseResult;
  Table table;
  table.caption = absl::StrCat(
      "Top-1 accuracy on the test set after the last epoch, and what the "
      "weights of all convolutions and linear layers take. ",
      SettingOf(report), ".");
  ColumnWriter columns(&table);
  columns.Add("phase", false, phases, [](const Phase& p) { return p.name(); });
  columns.Add("top-1 %", true, phases,
              [](const Phase& p) { return FormatFixed(p.top1(), 2); });
  if (report.paper_size() > 0) {
    absl::StrAppend(&table.caption,
                    " \"Difference\" is this run minus the paper, in points.");
    columns.Add("paper %", true, phases, [&](const Phase& p) {
      const PaperResult* paper = FindPaper(report, p.name());
      return paper == nullptr ? kNothing : FormatFixed(paper->top1(), 2);
    });
    columns.Add("difference", true, phases, [&](const Phase& p) {
      const PaperResult* paper = FindPaper(report, p.name());
      return paper == nullptr ? kNothing
                              : FormatDifference(p.top1() - paper->top1(), 2);
    });
  }
  if (page) {
    columns.Add("best % (epoch)", true, phases, [](const Phase& p) {
      return p.best_epoch() == 0 ? kNothing
                                 : absl::StrCat(FormatFixed(p.best_top1(), 2),
                                                " (", p.best_epoch(), ")");
    });
  }
  columns.Add("sparsity %", true, phases,
              [](const Phase& p) { return Percent(p.weight_sparsity()); });
  columns.Add("weight bytes", true, phases,
              [](const Phase& p) { return FormatCount(p.weight_bytes()); });
  columns.Add("\u00d7 smaller", true, phases, [](const Phase& p) {
    return TimesSmaller(DenseBytes(p), p.weight_bytes());
  });
  columns.Add("seconds", true, phases,
              [](const Phase& p) { return FormatFixed(p.seconds(), 1); });
  if (page) {
    columns.Add("images/s", true, phases, [](const Phase& p) {
      return FormatRounded(p.images_per_second());
    });
  }
  return table;
}

Table ChangeTableOf(const Report& report) {
  Table table;
  table.caption = absl::StrCat(
      "What each phase changed, in points of top-1 on the test set: the "
      "weights that it starts from, the same before its first step (where it "
      "quantizes, they are rounded, with the scales that the method begins "
      "with, but not trained), and after its last "
      "epoch. ",
      SettingOf(report), ".");
  table.columns = {{"phase", false},           {"starts from", false},
                   {"start %", true},          {"before training %", true},
                   {"after training %", true}, {"change", true}};
  if (report.paper_size() > 0)
    table.columns.push_back({"paper's change", true});
  for (const PhaseResult& phase : report.results()) {
    if (phase.starts_from().empty()) continue;
    const PhaseResult* start = FindPhase(report, phase.starts_from());
    std::vector<std::string> row = {
        phase.name(),
        phase.starts_from(),
        start == nullptr ? kNothing : FormatFixed(start->top1(), 2),
        FormatFixed(phase.initial_top1(), 2),
        FormatFixed(phase.top1(), 2),
        start == nullptr ? kNothing
                         : FormatDifference(phase.top1() - start->top1(), 2)};
    if (report.paper_size() > 0) {
      const PaperResult* paper = FindPaper(report, phase.name());
      const PaperResult* before = FindPaper(report, phase.starts_from());
      row.push_back(paper == nullptr || before == nullptr
                        ? kNothing
                        : FormatDifference(paper->top1() - before->top1(), 2));
    }
    table.rows.push_back(row);
  }
  return table;
}

Table ModelFileTableOf(const Report& report) {
  const ModelFile& file = report.model_file();
  Table table;
  table.caption = absl::StrCat(
      "The packed model, model.trit, after phase ", file.phase(),
      ", counted from the file. \"\u00d7 smaller\" compares all weights at 4 "
      "bytes each with the whole file. ",
      IntegerSentence(report), SettingOf(report), ".");
  table.columns = {{"what", false}, {"bytes", true}, {"\u00d7 smaller", true}};
  if (file.bytes() == 0) return table;
  const auto add = [&](const char* what, uint32_t bytes) {
    table.rows.push_back({what, FormatCount(bytes), ""});
  };
  add("quantized weights, with codebooks and scales",
      file.coded_weight_bytes());
  add("weights in full precision", file.full_weight_bytes());
  add("biases", file.bias_bytes());
  add("batch normalization, folded", file.normalization_bytes());
  add("graph, names, header", file.description_bytes());
  const PhaseResult* phase = FindPhase(report, file.phase());
  table.rows.push_back({"the file", FormatCount(file.bytes()),
                        phase == nullptr
                            ? kNothing
                            : TimesSmaller(DenseBytes(*phase), file.bytes())});
  return table;
}

Table CostTableOf(const Report& report) {
  const auto& phases = report.results();
  using Phase = PhaseResult;
  Table table;
  table.caption = absl::StrCat(
      "What training took. Multiply-adds are those of convolutions and linear "
      "layers, forwards and backwards; \"\u00d7 start\" compares them with the "
      "phase that this one starts from. Wall time includes evaluation. ",
      SettingOf(report), ".");
  ColumnWriter columns(&table);
  columns.Add("phase", false, phases, [](const Phase& p) { return p.name(); });
  columns.Add("epochs", true, phases,
              [](const Phase& p) { return absl::StrCat(p.epochs_size()); });
  columns.Add("seconds", true, phases,
              [](const Phase& p) { return FormatFixed(p.seconds(), 1); });
  columns.Add("multiply-adds", true, phases, [](const Phase& p) {
    return FormatMagnitude(p.train_multiply_adds());
  });
  columns.Add("\u00d7 start", true, phases, [&](const Phase& p) {
    const PhaseResult* start = FindPhase(report, p.starts_from());
    if (start == nullptr || !(start->train_multiply_adds() > 0))
      return std::string(kNothing);
    return FormatFixed(p.train_multiply_adds() / start->train_multiply_adds(),
                       2);
  });
  return table;
}

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

std::vector<std::string> PaperNotes(const Report& report) {
  std::vector<std::string> notes;
  for (const PaperResult& paper : report.paper()) {
    std::string note = absl::StrCat("Paper, ", paper.phase(), ": ",
                                    FormatFixed(paper.top1(), 2), " % top-1");
    if (!paper.source().empty()) {
      absl::StrAppend(&note, " (", paper.source(), ")");
    }
    if (const PhaseResult* phase = FindPhase(report, paper.phase())) {
      absl::StrAppend(&note, "; this run: ", FormatFixed(phase->top1(), 2),
                      " %, difference ",
                      FormatDifference(phase->top1() - paper.top1(), 2));
    } else {
      absl::StrAppend(&note, "; this phase did not run");
    }
    notes.push_back(absl::StrCat(note, "."));
  }
  return notes;
}

Table ProvenanceTableOf(const Report& report) {
  const Provenance& run = report.provenance();
  const NetworkSummary& network = report.network();
  Table table;
  table.caption = "What was run.";
  table.columns = {{"what", false}, {"value", false}};
  const auto add = [&](absl::string_view name, const std::string& value) {
    table.rows.push_back({std::string(name), OrNothing(value)});
  };
  add("experiment", run.experiment());
  add("seed", absl::StrCat(run.seed()));
  add("network",
      network.description().empty()
          ? network.name()
          : absl::StrCat(network.name(), ": ", network.description()));
  add("parameters", FormatCount(network.parameters()));
  add("multiply-adds for an image", FormatMagnitude(network.multiply_adds()));
  add("dataset", run.dataset());
  add("data read from", run.data_source());
  add("data checksum (CRC32C)", run.data_checksum());
  add("training images", FormatCount(run.train_images()));
  add("test images", FormatCount(run.test_images()));
  add("data type", run.data_type());
  add("threads", absl::StrCat(run.threads()));
  add("processor", run.processor());
  add("instruction set", run.instruction_set());
  add("oneDNN", run.onednn_version());
  add("commit", run.commit());
  add("started", run.started());
  add("resumed",
      run.resumed() == 1 ? "once" : absl::StrCat(run.resumed(), " times"));
  return table;
}

Table EpochTableOf(const Report& report, const PhaseResult& phase) {
  const auto& epochs = phase.epochs();
  Table table;
  table.caption = absl::StrCat(
      "Phase ", phase.name(),
      " by epoch; the last epoch is the result. Loss is the mean "
      "cross-entropy, learning rate that of the epoch's last step, seconds are "
      "since the phase began. ",
      SettingOf(report), ".");
  ColumnWriter columns(&table);
  using Epoch = EpochResult;
  columns.Add("epoch", true, epochs,
              [](const Epoch& e) { return absl::StrCat(e.epoch()); });
  columns.Add("test top-1 %", true, epochs,
              [](const Epoch& e) { return FormatFixed(e.test_top1(), 2); });
  columns.Add("test loss", true, epochs,
              [](const Epoch& e) { return FormatFixed(e.test_loss(), 4); });
  columns.Add("training top-1 %", true, epochs,
              [](const Epoch& e) { return FormatFixed(e.train_top1(), 2); });
  columns.Add("training loss", true, epochs,
              [](const Epoch& e) { return FormatFixed(e.train_loss(), 4); });
  columns.Add("learning rate", true, epochs, [](const Epoch& e) {
    return FormatSignificant(e.learning_rate());
  });
  columns.Add("sparsity %", true, epochs,
              [](const Epoch& e) { return Percent(e.weight_sparsity()); });
  columns.Add("seconds", true, epochs,
              [](const Epoch& e) { return FormatFixed(e.seconds(), 1); });
  const uint32_t last = epochs.empty() ? 0 : epochs[epochs.size() - 1].epoch();
  columns.Add("", false, epochs, [&](const Epoch& e) -> std::string {
    const bool best = e.epoch() == phase.best_epoch();
    if (e.epoch() == last) return best ? "result, best" : "result";
    return best ? "best" : "";
  });
  return table;
}

Table LayerTableOf(const Report& report, const PhaseResult& phase) {
  const auto& layers = phase.layers();
  Table table;
  table.caption = absl::StrCat(
      "Layers after phase ", phase.name(),
      ". Sparsity is the share of zeros among the values that the layer "
      "computes with; positive and negative are the other shares. ",
      SettingOf(report), ".");
  ColumnWriter columns(&table);
  using Layer = LayerResult;
  columns.Add("layer", false, layers, [](const Layer& l) { return l.name(); });
  columns.Add("kind", false, layers, [](const Layer& l) { return l.kind(); });
  columns.Add("quantizer", false, layers,
              [](const Layer& l) { return l.quantizer(); });
  columns.Add("weights", true, layers,
              [](const Layer& l) { return FormatCount(l.weights()); });
  columns.Add("sparsity %", true, layers,
              [](const Layer& l) { return Percent(l.sparsity()); });
  columns.Add("positive %", true, layers,
              [](const Layer& l) { return Percent(l.positive()); });
  columns.Add("negative %", true, layers,
              [](const Layer& l) { return Percent(l.negative()); });
  for (const std::string& name : ValueNames(phase)) {
    columns.Add(ValueTitle(name), true, layers,
                [&](const Layer& l) -> std::string {
                  const auto at = l.values().find(name);
                  return at == l.values().end() ? kNothing
                                                : FormatSignificant(at->second);
                });
  }
  columns.Add("bytes", true, layers,
              [](const Layer& l) { return FormatCount(l.weight_bytes()); });
  columns.Add("bits/weight", true, layers, [](const Layer& l) {
    return FormatFixed(l.bits_per_weight(), 2);
  });
  return table;
}

Table ActivationTableOf(const Report& report, const PhaseResult& phase) {
  std::vector<LayerResult> layers;
  bool quantized = false;
  for (const LayerResult& layer : phase.layers()) {
    if (!layer.has_zero_activations()) continue;
    layers.push_back(layer);
    quantized |= layer.has_zero_activations_before_quantization();
  }
  Table table;
  table.caption = absl::StrCat(
      "Activations after phase ", phase.name(), ", counted on the first ",
      FormatCount(phase.activation_images()),
      " images of the test set. Zero activations are those among the values "
      "that the layer reads",
      quantized
          ? ", quantized where the phase quantizes them (\"unquantized\": "
            "the same values before that)"
          : "",
      "; \"both not 0\" is the share of multiply-adds whose weight and "
      "activation are both not 0, padding counted as zeros: what is left to "
      "compute when all zeros are skipped. ",
      SettingOf(report), ".");
  if (layers.empty()) return table;
  layers.push_back(AllLayers(layers));
  ColumnWriter columns(&table);
  using Layer = LayerResult;
  columns.Add("layer", false, layers, [](const Layer& l) { return l.name(); });
  columns.Add("activations", true, layers,
              [](const Layer& l) { return FormatCount(l.input_values()); });
  columns.Add("zero activations %", true, layers,
              [](const Layer& l) { return Percent(l.zero_activations()); });
  if (quantized) {
    columns.Add("unquantized %", true, layers, [](const Layer& l) {
      return l.has_zero_activations_before_quantization()
                 ? Percent(l.zero_activations_before_quantization())
                 : kNothing;
    });
  }
  columns.Add("zero weights %", true, layers,
              [](const Layer& l) { return Percent(l.sparsity()); });
  columns.Add("multiply-adds", true, layers, [](const Layer& l) {
    return FormatMagnitude(l.multiply_adds());
  });
  columns.Add("both not 0 %", true, layers,
              [](const Layer& l) { return Percent(l.both_nonzero()); });
  return table;
}

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
      SettingOf(report), ".");
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

Table FilterTableOf(const Report& report, const PhaseResult& phase) {
  std::vector<const LayerResult*> layers;
  for (const LayerResult& layer : phase.layers()) {
    if (layer.has_filters()) layers.push_back(&layer);
  }
  Table table;
  table.caption = absl::StrCat(
      "Filters of the quantized layers after phase ", phase.name(),
      ". A filter makes one output channel; a kernel is its part for one input "
      "channel, and of a linear layer as large as its input image. \"Zero\" "
      "are "
      "those without a weight that is not 0. \"Equal\" filters repeat an "
      "earlier "
      "one, \"negated\" ones are minus an earlier one and equal to none; zero "
      "ones are not counted among them. \"Unread\" are input channels "
      "that all filters leave out. \"Possible\" is how many kernels the values "
      "of the codebook can form. ",
      SettingOf(report), ".");
  using Layer = const LayerResult*;
  ColumnWriter columns(&table);
  const auto count = [&](const char* title, auto value) {
    columns.Add(title, true, layers,
                [&](Layer l) { return FormatCount(value(l->filters())); });
  };
  using Counts = FilterCounts;
  columns.Add("layer", false, layers, [](Layer l) { return l->name(); });
  columns.Add("kernel", true, layers, [](Layer l) {
    return absl::StrCat(l->filters().kernel_height(), "\u00d7",
                        l->filters().kernel_width());
  });
  count("filters", [](const Counts& c) { return c.filters(); });
  count("zero filters", [](const Counts& c) { return c.zero_filters(); });
  count("equal", [](const Counts& c) { return c.duplicate_filters(); });
  count("negated", [](const Counts& c) { return c.negated_filters(); });
  count("input channels", [](const Counts& c) { return c.inputs(); });
  count("unread", [](const Counts& c) { return c.unread_inputs(); });
  count("kernels", [](const Counts& c) { return c.kernels(); });
  count("zero kernels", [](const Counts& c) { return c.zero_kernels(); });
  columns.Add("zero kernels %", true, layers, [](Layer l) {
    const Counts& c = l->filters();
    return c.kernels() == 0
               ? kNothing
               : Percent(static_cast<double>(c.zero_kernels()) / c.kernels());
  });
  count("distinct kernels",
        [](const Counts& c) { return c.distinct_kernels(); });
  columns.Add("possible", true, layers, [](Layer l) {
    const double possible = l->filters().possible_kernels();
    return possible >= 0 && possible < 1e9
               ? FormatCount(static_cast<uint64_t>(possible))
               : FormatSignificant(possible);
  });
  return table;
}

std::string KernelCaptionOf(const Report& report, const PhaseResult& phase,
                            const LayerResult& layer) {
  const KernelPicture& shown = layer.kernels();
  const FilterCounts& all = layer.filters();
  const auto of = [](uint64_t part, uint64_t whole) {
    return part < whole ? absl::StrCat("the first ", part, " of ", whole)
                        : absl::StrCat("all ", part);
  };
  return absl::StrCat(
      "Kernels of layer ", layer.name(), " after phase ", phase.name(),
      ": the quantized weights, blue where they are positive, orange where "
      "negative, grey where zero. A row is a filter (",
      of(shown.filters(), all.filters()),
      "), a column one of its input channels (",
      of(shown.inputs(),
         all.filters() == 0 ? 0 : all.kernels() / all.filters()),
      "); each kernel has ", shown.kernel_height(), "\u00d7",
      shown.kernel_width(), " weights. ", SettingOf(report), ".");
}

std::string ResultSentence(const PhaseResult& phase) {
  if (phase.epochs_size() == 0) {
    return absl::StrCat("Top-1 ", FormatFixed(phase.top1(), 2),
                        " %; no epoch was trained.");
  }
  std::string text = absl::StrCat(
      "Top-1 ", FormatFixed(phase.top1(), 2), " %, loss ",
      FormatFixed(phase.loss(), 4), " after the last of ", phase.epochs_size(),
      phase.epochs_size() == 1 ? " epoch" : " epochs");
  if (phase.best_epoch() > 0) {
    absl::StrAppend(&text, " (best: ", FormatFixed(phase.best_top1(), 2),
                    " % after epoch ", phase.best_epoch(), ")");
  }
  if (!phase.starts_from().empty()) {
    absl::StrAppend(&text, ", starting from ", phase.starts_from(), ", ",
                    FormatFixed(phase.initial_top1(), 2),
                    " % before the first step");
  }
  return absl::StrCat(text, ".");
}

}  // namespace tritlab
