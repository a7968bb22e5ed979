#include "experiments/sweep/sweep_table.h"

#include <cstddef>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "base/csv.h"
#include "reports/find_phase.h"
#include "reports/page/markdown.h"
#include "reports/page/number_format.h"
#include "reports/runs/sample.h"
#include "reports/runs/sweep_csv.h"

namespace tritlab {
namespace {

// The last phase, the one it starts from, and so on to the first.
std::vector<const PhaseResult*> ChainOf(const Report& report) {
  std::vector<const PhaseResult*> chain;
  if (report.results().empty()) return chain;
  const PhaseResult* phase = &report.results(report.results_size() - 1);
  // A damaged report must not lead around in circles.
  while (phase != nullptr &&
         chain.size() < static_cast<size_t>(report.results_size())) {
    chain.push_back(phase);
    phase = phase->starts_from().empty()
                ? nullptr
                : FindPhase(report, phase->starts_from());
  }
  return chain;
}

TrainingCost CostOf(const std::vector<const PhaseResult*>& chain,
                    size_t phases) {
  TrainingCost cost;
  for (size_t i = 0; i < phases; ++i) {
    cost.epochs += chain[i]->epochs_size();
    cost.seconds += chain[i]->seconds();
    cost.multiply_adds += chain[i]->train_multiply_adds();
  }
  return cost;
}

void AddShare(const TrainingCost& cost, double share, TrainingCost& mean) {
  mean.epochs += share * cost.epochs;
  mean.seconds += share * cost.seconds;
  mean.multiply_adds += share * cost.multiply_adds;
}

absl::string_view StatusOf(const SweepOutcome& outcome) {
  if (!outcome.failures.empty()) return kPointFailed;
  return outcome.not_run > 0 || outcome.reports.empty() ? kPointNotRun
                                                        : kPointDone;
}

// "2", or "1 of 2 (1 failed)".
std::string SeedsOf(const SweepOutcome& outcome) {
  const size_t done = outcome.reports.size();
  const size_t failed = outcome.failures.size();
  const size_t all = done + failed + outcome.not_run;
  if (done == all) return absl::StrCat(done);
  return absl::StrCat(done, " of ", all,
                      failed > 0 ? absl::StrCat(" (", failed, " failed)") : "");
}

std::string Caption(const SweepSpec& sweep,
                    const std::vector<SweepOutcome>& outcomes) {
  std::set<std::string> phases, settings;
  for (const SweepOutcome& outcome : outcomes) {
    if (const auto figures = Summarize(outcome)) phases.insert(figures->phase);
    for (const Report& report : outcome.reports) {
      settings.insert(absl::StrCat(
          report.network().name(), " on ", report.provenance().dataset(), ", ",
          report.provenance().data_type(),
          ", threads: ", report.provenance().threads()));
    }
  }
  return absl::StrCat(
      "Sweep ", sweep.name(),
      phases.empty()  // where no point is done
          ? ""
          : absl::StrCat(": phase ", absl::StrJoin(phases, ", "),
                         " of each point, on ",
                         absl::StrJoin(settings, "; on ")),
      ". Top-1 is the mean over the seeds, ± their sample standard deviation; "
      "start is the phase that it starts from; re-training is all that was "
      "trained after the first phase (multiply-adds forward and backward).");
}

std::string NumberOf(const std::optional<double>& value) {
  return value.has_value() ? CsvNumber(*value) : "";
}

std::string MarkdownLine(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells)
    absl::StrAppend(&line, " ", EscapeMarkdown(cell), " |");
  return line + "\n";
}

}  // namespace

std::optional<SweepFigures> Summarize(const SweepOutcome& outcome) {
  SweepFigures mean;
  std::vector<double> top1;
  double start_top1 = 0;
  size_t starts = 0;
  const double share = 1.0 / outcome.reports.size();
  for (const Report& report : outcome.reports) {
    const std::vector<const PhaseResult*> chain = ChainOf(report);
    if (chain.empty()) return std::nullopt;
    mean.phase = chain[0]->name();
    top1.push_back(chain[0]->top1());
    if (chain.size() > 1) {
      start_top1 += chain[1]->top1();
      ++starts;
    }
    mean.weight_sparsity += share * chain[0]->weight_sparsity();
    mean.weight_bytes += share * chain[0]->weight_bytes();
    AddShare(CostOf(chain, chain.size()), share, mean.all);
    AddShare(CostOf(chain, chain.size() > 1 ? chain.size() - 1 : 1), share,
             mean.retraining);
  }
  if (top1.empty()) return std::nullopt;
  mean.top1 = Mean(top1);
  mean.top1_deviation = Deviation(top1);
  if (starts > 0) mean.start_top1 = start_top1 / starts;
  return mean;
}

Table SweepTable(const SweepSpec& sweep,
                 const std::vector<SweepOutcome>& outcomes) {
  Table table;
  table.caption = Caption(sweep, outcomes);
  for (const SweepSpec::Axis& axis : sweep.axes())
    table.columns.push_back({axis.name(), /*numeric=*/false});
  for (const char* title :
       {"top-1 %", "±", "seeds", "start top-1 %", "sparsity %", "weight bytes",
        "re-training epochs", "seconds", "multiply-adds"}) {
    table.columns.push_back({title});
  }
  for (const SweepOutcome& outcome : outcomes) {
    std::vector<std::string> row = outcome.labels;
    if (const auto figures = Summarize(outcome)) {
      const TrainingCost& cost = figures->retraining;
      row.push_back(FormatFixed(figures->top1, 2));
      row.push_back(figures->top1_deviation.has_value()
                        ? FormatFixed(*figures->top1_deviation, 2)
                        : "");
      row.push_back(SeedsOf(outcome));
      row.push_back(figures->start_top1.has_value()
                        ? FormatFixed(*figures->start_top1, 2)
                        : "");
      row.push_back(FormatFixed(100 * figures->weight_sparsity, 2));
      row.push_back(FormatRounded(figures->weight_bytes));
      row.push_back(FormatRounded(cost.epochs));
      row.push_back(FormatFixed(cost.seconds, 1));
      row.push_back(FormatMagnitude(cost.multiply_adds));
    } else {
      row.push_back(outcome.failures.empty() ? "not run" : "failed");
      row.push_back("");
      row.push_back(SeedsOf(outcome));
      row.resize(table.columns.size());
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string SweepMarkdown(const SweepSpec& sweep,
                          const std::vector<SweepOutcome>& outcomes) {
  const Table table = SweepTable(sweep, outcomes);
  std::string text =
      absl::StrCat("# Sweep ", EscapeMarkdown(sweep.name()), "\n\n");
  if (!sweep.description().empty())
    absl::StrAppend(&text, EscapeMarkdown(sweep.description()), "\n\n");
  std::vector<std::string> titles;
  std::string line = "|";
  for (const Column& column : table.columns) {
    titles.push_back(column.title);
    line += column.numeric ? " ---: |" : " --- |";
  }
  absl::StrAppend(&text, MarkdownLine(titles), line, "\n");
  for (const std::vector<std::string>& row : table.rows)
    text += MarkdownLine(row);
  absl::StrAppend(&text, "\n", EscapeMarkdown(table.caption), "\n");

  std::string failures;
  for (const SweepOutcome& outcome : outcomes) {
    for (const std::string& failure : outcome.failures) {
      absl::StrAppend(&failures, "- ", EscapeMarkdown(outcome.name), ": ",
                      EscapeMarkdown(failure), "\n");
    }
  }
  if (!failures.empty()) absl::StrAppend(&text, "\n## Failed\n\n", failures);

  absl::StrAppend(&text, "\n## What was varied\n\nBase: ",
                  EscapeMarkdown(sweep.base()), "\n\n");
  for (const std::string& setting : sweep.set())
    absl::StrAppend(&text, "- ", EscapeMarkdown(setting), "\n");
  for (const SweepSpec::Axis& axis : sweep.axes()) {
    for (const SweepSpec::Axis::Field& field : axis.fields()) {
      absl::StrAppend(
          &text, "- ", EscapeMarkdown(axis.name()), ": ",
          EscapeMarkdown(absl::StrCat(field.path(), " = ",
                                      absl::StrJoin(field.values(), " | "))),
          "\n");
    }
  }
  return text;
}

std::string SweepCsv(const SweepSpec& sweep,
                     const std::vector<SweepOutcome>& outcomes) {
  std::vector<std::string> cells;
  for (const SweepSpec::Axis& axis : sweep.axes()) cells.push_back(axis.name());
  for (const absl::string_view title : kSweepColumns) cells.emplace_back(title);
  const size_t columns = cells.size();
  std::string text = CsvLine(cells);
  for (const SweepOutcome& outcome : outcomes) {
    const std::optional<SweepFigures> figures = Summarize(outcome);
    cells = outcome.labels;
    cells.push_back(figures.has_value() ? figures->phase : "");
    cells.emplace_back(StatusOf(outcome));
    cells.push_back(absl::StrCat(outcome.reports.size()));
    if (figures.has_value()) {
      cells.push_back(NumberOf(figures->top1));
      cells.push_back(NumberOf(figures->top1_deviation));
      cells.push_back(NumberOf(figures->start_top1));
      cells.push_back(NumberOf(figures->weight_sparsity));
      cells.push_back(NumberOf(figures->weight_bytes));
      for (const TrainingCost& cost : {figures->retraining, figures->all}) {
        cells.push_back(CsvNumber(cost.epochs));
        cells.push_back(CsvNumber(cost.seconds));
        cells.push_back(CsvNumber(cost.multiply_adds));
      }
    }
    cells.resize(columns);
    text += CsvLine(cells);
  }
  return text;
}

}  // namespace tritlab
