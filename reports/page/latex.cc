#include "reports/page/latex.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reports/page/page.h"
#include "reports/page/table.h"

namespace tritlab {
namespace {

// More do not fit a page together with a caption.
constexpr size_t kMostRows = 40;

struct Replacement {
  absl::string_view text;
  absl::string_view latex;
};
constexpr Replacement kReplacements[] = {
    {"\\", "\\textbackslash{}"},
    {"{", "\\{"},
    {"}", "\\}"},
    {"$", "\\$"},
    {"&", "\\&"},
    {"#", "\\#"},
    {"%", "\\%"},
    {"_", "\\_"},
    {"^", "\\textasciicircum{}"},
    {"~", "\\textasciitilde{}"},
    {"<", "\\textless{}"},
    {">", "\\textgreater{}"},
    {"|", "\\textbar{}"},
    {"\"", "\\textquotedbl{}"},
    {"`", "\\textasciigrave{}"},
    {"--", "-{}-{}"},  // no dash
    {"\u00d7", "$\\times$"},
    {"\u00b1", "$\\pm$"},
    {"\u00b5", "\\textmu{}"},
    {"\u00b7", "$\\cdot$"},
    {"\u2026", "\\ldots{}"},
    {"\u2192", "$\\rightarrow$"},
    {"\u2212", "$-$"},
    {"\u2264", "$\\le$"},
    {"\u2265", "$\\ge$"},
};

std::string Row(const std::vector<std::string>& cells) {
  std::string text;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string cell = EscapeLatex(cells[i]);
    // A line's bracket or star, behind blanks as well, would be taken for an
    // option of the command before it.
    const absl::string_view begin = absl::StripLeadingAsciiWhitespace(cell);
    if (i > 0) {
      text += " & ";
    } else if (absl::StartsWith(begin, "[") || absl::StartsWith(begin, "*")) {
      text += "{}";
    }
    text += cell;
  }
  return absl::StrCat(text, " \\\\\n");
}

// "lrr"; a column of sentences takes lines of its own.
std::string ColumnsOf(const Table& table) {
  const bool numbers =
      std::any_of(table.columns.begin(), table.columns.end(),
                  [](const Column& column) { return column.numeric; });
  if (!numbers && table.columns.size() == 2) return "lp{0.7\\linewidth}";
  std::string columns;
  for (const Column& column : table.columns) columns += "lr"[column.numeric];
  return columns;
}

std::string RenderTable(const PageTable& page_table) {
  const Table& table = page_table.table;
  if (table.columns.empty()) return "";
  std::vector<std::string> titles;
  for (const Column& column : table.columns) titles.push_back(column.title);
  std::string rows;
  for (const std::vector<std::string>& row : table.rows) rows += Row(row);
  const std::string caption =
      absl::StrCat("\\caption{", EscapeLatex(table.caption),
                   "}\n\\label{tab:", page_table.name, "}");
  const std::string head =
      absl::StrCat("\\toprule\n", Row(titles), "\\midrule\n");
  if (table.rows.size() > kMostRows) {
    return absl::StrCat("\\begin{longtable}{", ColumnsOf(table), "}\n", caption,
                        " \\\\\n", head, "\\endfirsthead\n", head,
                        "\\endhead\n", "\\bottomrule\n\\endfoot\n", rows,
                        "\\end{longtable}\n\n");
  }
  return absl::StrCat(
      "\\begin{table}\n\\centering\n", caption,
      "\n\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}"
      "{!}{%\n\\begin{tabular}{",
      ColumnsOf(table), "}\n", head, rows,
      "\\bottomrule\n\\end{tabular}}\n\\end{table}\n\n");
}

}  // namespace

std::string EscapeLatex(absl::string_view text) {
  std::string escaped;
  if (text.size() > 1 && text[0] == '-' && absl::ascii_isdigit(text[1])) {
    escaped = "$-$";
    text.remove_prefix(1);
  }
  while (!text.empty()) {
    const auto* found =
        std::find_if(std::begin(kReplacements), std::end(kReplacements),
                     [&](const Replacement& replacement) {
                       return absl::StartsWith(text, replacement.text);
                     });
    if (found != std::end(kReplacements)) {
      absl::StrAppend(&escaped, found->latex);
      text.remove_prefix(found->text.size());
      continue;
    }
    const unsigned char byte = text[0];
    escaped += byte < 0x20 || byte == 0x7F ? ' ' : text[0];
    text.remove_prefix(1);
  }
  return escaped;
}

std::string PageToLatex(const Page& page) {
  std::string text = absl::StrCat(
      "% ", EscapeLatex(page.title),
      "\n% Needs \\usepackage{booktabs,graphicx,longtable,textcomp} and "
      "\\usepackage[T1]{fontenc}.\n\n");
  for (const PageElement& element : page.elements) {
    if (const PageTable* table = std::get_if<PageTable>(&element))
      text += RenderTable(*table);
  }
  text.pop_back();
  return text;
}

}  // namespace tritlab
