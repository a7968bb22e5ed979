// What tables of a report are made of.
#ifndef TRITLAB_REPORTS_RUN_TABLE_PARTS_H_
#define TRITLAB_REPORTS_RUN_TABLE_PARTS_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "reports/page/table.h"
#include "reports/report.pb.h"

namespace tritlab {

// What a cell without a value shows.
inline constexpr char kNothing[] = "-";
// `text`, or kNothing where it is empty.
std::string OrNothing(const std::string& text);

// With two decimals, without a sign of it.
std::string Percent(double share);

// Null where there is none.
const PaperResult* FindPaper(const Report& report, const std::string& phase);

// Of all layers; 0 if they are not known.
uint64_t WeightsOf(const PhaseResult& phase);
// Those weights at 4 bytes each.
uint64_t DenseBytes(const PhaseResult& phase);

// Of one image, forwards; 0 when older programs wrote the report.
double MultiplyAddsOf(const PhaseResult& phase);

// dense_bytes / bytes with one decimal; kNothing where one of them is 0, which
// stands for unknown.
std::string TimesSmaller(uint64_t dense_bytes, uint64_t bytes);

// An energy in microjoules, without their sign; from picojoules.
std::string Microjoules(double pj);

// The names of quantizers' values in a fixed order: those of TTQ as the paper
// names them, then the others by name.
std::vector<std::string> InOrder(std::set<std::string> names);

// A value's name as a column's title: TTQ's as the paper writes them, W_p and
// W_n; others as they are.
std::string ValueTitle(const std::string& name);

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

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUN_TABLE_PARTS_H_
