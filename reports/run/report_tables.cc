#include "reports/run/report_tables.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reports/find_phase.h"
#include "reports/page/number_format.h"
#include "reports/page/table.h"
#include "reports/report.pb.h"
#include "reports/run/table_parts.h"

namespace tritlab {

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

std::string SettingOf(const Report& report, const PhaseResult& phase) {
  if (phase.setting().empty()) return SettingOf(report);
  return absl::StrCat(SettingOf(report), "; ", phase.name(), ": ",
                      phase.setting());
}

std::string SettingOfPhases(const Report& report) {
  std::string text = SettingOf(report);
  for (const PhaseResult& phase : report.results()) {
    if (!phase.setting().empty())
      absl::StrAppend(&text, "; ", phase.name(), ": ", phase.setting());
  }
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
  const bool any_shared = std::any_of(
      report.results().begin(), report.results().end(),
      [](const PhaseResult& phase) { return phase.has_trained_by(); });
  Table table;
  table.caption = absl::StrCat(
      "What the run was made of: experiment, network, data, program and "
      "machine, as recorded when it started. The same commit, spec, data, seed "
      "and number of threads give the same results. ",
      any_shared ? "Rows that begin with a phase's name are of the run that "
                   "trained it for this one. "
                 : "",
      SettingOfPhases(report), ".");
  table.columns = {{"what", false}, {"value", false}};
  const auto add = [&](absl::string_view name, const std::string& value) {
    table.rows.push_back({std::string(name), OrNothing(value)});
  };
  // Which program trained, and on what.
  const auto add_program = [&](const std::string& phase, const Provenance& of) {
    add(absl::StrCat(phase, "threads"), absl::StrCat(of.threads()));
    if (of.ranks() > 1)
      add(absl::StrCat(phase, "ranks"), absl::StrCat(of.ranks()));
    add(absl::StrCat(phase, "processor"), of.processor());
    add(absl::StrCat(phase, "instruction set"), of.instruction_set());
    add(absl::StrCat(phase, "oneDNN"), of.onednn_version());
    add(absl::StrCat(phase, "commit"), of.commit());
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
  add_program("", run);
  add("started", run.started());
  add("resumed",
      run.resumed() == 1 ? "once" : absl::StrCat(run.resumed(), " times"));
  for (const PhaseResult& phase : report.results()) {
    if (phase.has_trained_by())
      add_program(absl::StrCat(phase.name(), ": "), phase.trained_by());
  }
  return table;
}

std::string RepetitionSentence(const Report& report) {
  const Provenance& run = report.provenance();
  std::string threads = absl::StrCat(run.threads());
  for (const PhaseResult& phase : report.results()) {
    if (!phase.has_trained_by()) continue;
    absl::StrAppend(&threads, "; ", phase.trained_by().threads(), " for ",
                    phase.name(), ", which another run trained");
  }
  return absl::StrCat(
      "The same commit, spec, seed and images give the same bits again with as "
      "many threads (",
      threads, ")",
      run.ranks() > 1 ? absl::StrCat(", ranks (", run.ranks(), ")") : "",
      ", the same data type, instruction set and version of oneDNN; with "
      "others sums round otherwise, and no such thing is promised.");
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
  if (phase.skipped_steps() > 0) {
    absl::StrAppend(&text, "; ", FormatCount(phase.skipped_steps()),
                    phase.skipped_steps() == 1 ? " step was" : " steps were",
                    " skipped, for the loss or a gradient was not finite");
  }
  return absl::StrCat(text, ".");
}

}  // namespace tritlab
