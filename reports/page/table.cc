#include "reports/page/table.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "base/one_line.h"

namespace tritlab {
namespace {

// Characters, not bytes: a UTF-8 continuation byte takes no place of its own.
size_t Width(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  });
}

}  // namespace

std::string AlignedText(const Table& table) {
  if (table.rows.empty()) return "";
  std::vector<std::vector<std::string>> lines;
  lines.emplace_back();
  for (const Column& column : table.columns) {
    lines.back().push_back(OneLine(column.title));
  }
  for (const std::vector<std::string>& row : table.rows) {
    lines.emplace_back();
    for (const std::string& cell : row) {
      lines.back().push_back(OneLine(cell));
    }
  }
  std::vector<size_t> widths(table.columns.size(), 0);
  for (const std::vector<std::string>& line : lines) {
    for (size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], Width(line[i]));
    }
  }
  std::string text;
  for (size_t i = 0; i < lines.size(); ++i) {
    std::string line;
    for (size_t j = 0; j < widths.size(); ++j) {
      const std::string padding(widths[j] - Width(lines[i][j]), ' ');
      if (j > 0) line += "  ";
      line += table.columns[j].numeric ? padding + lines[i][j]
                                       : lines[i][j] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
    if (i == 0) {
      for (size_t j = 0; j < widths.size(); ++j) {
        if (j > 0) text += "  ";
        text.append(widths[j], '-');
      }
      text += "\n";
    }
  }
  return text;
}

}  // namespace tritlab
