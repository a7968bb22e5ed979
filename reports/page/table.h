// A table before it is rendered. What a report shows is decided once, as
// tables of finished text (report_tables.h); each rendering only lays them out.
#ifndef TRITLAB_REPORTS_PAGE_TABLE_H_
#define TRITLAB_REPORTS_PAGE_TABLE_H_

#include <string>
#include <vector>

namespace tritlab {

struct Column {
  std::string title;
  bool numeric = true;  // numbers stand to the right, names to the left
};

struct Table {
  // Stands on its own: what is shown, on which data, at what setting.
  std::string caption;
  std::vector<Column> columns;
  // Each row has columns.size() cells of plain, unescaped text.
  std::vector<std::vector<std::string>> rows;
};

// The table for a terminal: columns padded with spaces, a line of dashes below
// the titles, no caption. Ends with a newline; empty when there are no rows.
// Line breaks and control characters within a cell become spaces.
std::string AlignedText(const Table& table);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_PAGE_TABLE_H_
