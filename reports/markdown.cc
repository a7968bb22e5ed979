#include "reports/markdown.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reports/report.pb.h"
#include "reports/report_tables.h"
#include "reports/table.h"

namespace tritlab {
namespace {

std::string RenderTable(const Table& table) {
  std::string text = "|";
  for (const Column& column : table.columns) {
    absl::StrAppend(&text, " ", EscapeMarkdown(column.title), " |");
  }
  text += "\n|";
  for (const Column& column : table.columns) {
    text += column.numeric ? " ---: |" : " --- |";
  }
  text += "\n";
  for (const std::vector<std::string>& row : table.rows) {
    text += "|";
    for (const std::string& cell : row) {
      absl::StrAppend(&text, " ", EscapeMarkdown(cell), " |");
    }
    text += "\n";
  }
  absl::StrAppend(&text, "\n", EscapeMarkdown(table.caption), "\n\n");
  return text;
}

}  // namespace

std::string EscapeMarkdown(absl::string_view text) {
  std::string escaped;
  for (size_t i = 0; i < text.size(); ++i) {
    const char byte = text[i];
    if (static_cast<unsigned char>(byte) < 0x20) {
      escaped += ' ';
      continue;
    }
    // An underscore within a word (full_precision) is no emphasis.
    const bool within_word = i > 0 && i + 1 < text.size() &&
                             absl::ascii_isalnum(text[i - 1]) &&
                             absl::ascii_isalnum(text[i + 1]);
    if (byte == '_' ? !within_word
                    : absl::string_view("\\`*|<>[]#~&$").find(byte) !=
                          absl::string_view::npos) {
      escaped += '\\';
    }
    escaped += byte;
  }
  return escaped;
}

std::string ReportToMarkdown(const Report& report) {
  std::string text =
      absl::StrCat("# ", EscapeMarkdown(TitleOf(report)), "\n\n");
  if (report.results_size() == 0) {
    text += "No phase has finished.\n\n";
  } else {
    text += RenderTable(SummaryTableOf(report, SummaryDetail::kPage));
  }
  for (const std::string& note : PaperNotes(report)) {
    absl::StrAppend(&text, "- ", EscapeMarkdown(note), "\n");
  }
  if (report.paper_size() > 0) text += "\n";
  if (const Table change = ChangeTableOf(report); !change.rows.empty()) {
    text += RenderTable(change);
  }
  if (const Table file = ModelFileTableOf(report); !file.rows.empty())
    text += RenderTable(file);
  if (report.results_size() > 0) text += RenderTable(CostTableOf(report));
  if (const Table energy = EnergyTableOf(report); !energy.rows.empty())
    text += RenderTable(energy);
  text += "## What was run\n\n";
  text += RenderTable(ProvenanceTableOf(report));
  for (const PhaseResult& phase : report.results()) {
    absl::StrAppend(&text, "## Phase ", EscapeMarkdown(phase.name()), "\n\n",
                    EscapeMarkdown(ResultSentence(phase)), "\n\n");
    if (phase.epochs_size() > 0) {
      absl::StrAppend(&text, "### Accuracy by epoch\n\n",
                      RenderTable(EpochTableOf(report, phase)));
    }
    if (phase.layers_size() > 0) {
      absl::StrAppend(&text, "### Layers\n\n",
                      RenderTable(LayerTableOf(report, phase)));
    }
    if (const Table energy = LayerEnergyTableOf(report, phase);
        !energy.rows.empty()) {
      absl::StrAppend(&text, "### Energy by layer\n\n", RenderTable(energy));
    }
    if (const Table filters = FilterTableOf(report, phase);
        !filters.rows.empty()) {
      absl::StrAppend(&text, "### Filters\n\n", RenderTable(filters));
    }
  }
  // One newline at the end.
  while (text.size() > 1 && text[text.size() - 2] == '\n') text.pop_back();
  return text;
}

}  // namespace tritlab
