#include "reports/page/markdown.h"

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reports/page/page.h"
#include "reports/page/table.h"

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

// Lays out one element of a page after the other, each with an empty line
// behind it.
class MarkdownWriter {
 public:
  void operator()(const Heading& heading) {
    absl::StrAppend(&text_, "## ", EscapeMarkdown(heading.text), "\n\n");
  }
  void operator()(const Paragraph& paragraph) {
    absl::StrAppend(&text_, EscapeMarkdown(paragraph.text), "\n\n");
  }
  void operator()(const Notes& notes) {
    for (const std::string& line : notes.lines)
      absl::StrAppend(&text_, "- ", EscapeMarkdown(line), "\n");
    text_ += "\n";
  }
  void operator()(const PageTable& table) {
    if (!table.title.empty())
      absl::StrAppend(&text_, "### ", EscapeMarkdown(table.title), "\n\n");
    text_ += RenderTable(table.table);
  }
  void operator()(const Figure&) {}
  void operator()(const KernelFigure&) {}

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

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

std::string PageToMarkdown(const Page& page) {
  const Page words = WithoutPictures(page);
  MarkdownWriter body;
  for (const PageElement& element : words.elements) std::visit(body, element);
  std::string text =
      absl::StrCat("# ", EscapeMarkdown(words.title), "\n\n",
                   EscapeMarkdown(words.lead), "\n\n", body.text());
  // One newline at the end.
  while (text.size() > 1 && text[text.size() - 2] == '\n') text.pop_back();
  return text;
}

}  // namespace tritlab
