#include "reports/regression/history_page.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reports/page/table.h"

namespace tritlab {
namespace {

constexpr size_t kShortHash = 10;
constexpr double kGap = std::numeric_limits<double>::quiet_NaN();

// "0a1b2c3d4e-dirty" from the whole hash.
std::string ShortCommit(const std::string& commit) {
  const size_t end = commit.find_first_not_of("0123456789abcdef");
  const size_t hash = std::min(commit.size(), end);
  return hash <= kShortHash
             ? commit
             : commit.substr(0, kShortHash) + commit.substr(hash);
}

using Records = std::vector<HistoryRecord>;
using Number = HistoryRecord::Number;

// The number `what` of each record; null where it has none.
std::vector<const Number*> ValuesOf(const Records& records,
                                    const std::string& what) {
  std::vector<const Number*> values;
  for (const HistoryRecord& record : records) {
    const Number* found = nullptr;
    for (const Number& number : record.numbers()) {
      if (number.what() == what && number.has_now()) found = &number;
    }
    values.push_back(found);
  }
  return values;
}

// All that is drawn, and a little air; where everything is one number, some of
// its size.
std::pair<double, double> RangeOf(const std::vector<const Number*>& values) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const Number* const number : values) {
    if (number == nullptr) continue;
    std::vector<double> drawn = {number->now()};
    if (number->has_baseline()) {
      drawn.push_back(number->baseline() - number->allowed());
      drawn.push_back(number->baseline() + number->allowed());
    }
    for (const double value : drawn) {
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  if (!(low <= high)) return {0, 1};
  const double air = high > low  ? 0.05 * (high - low)
                     : high != 0 ? 0.01 * std::abs(high)
                                 : 1;
  return {low - air, high + air};
}

Figure FigureOf(const Records& records, const std::string& what, int index) {
  Figure figure;
  Plot& plot = figure.plot;
  plot.name = absl::StrCat("history_", index);
  plot.title = absl::StrCat(what, " by commit");
  plot.x_label = what;
  Series now = {.name = "measured", .points = {}};
  Series baseline = {
      .name = "baseline", .points = {}, .color = 1, .dashed = true};
  const std::vector<const Number*> values = ValuesOf(records, what);
  for (size_t i = 0; i < values.size(); ++i) {
    const double y = static_cast<double>(i);
    plot.y_names.push_back(ShortCommit(records[i].commit()));
    const Number* const number = values[i];
    now.points.push_back({number == nullptr ? kGap : number->now(), y});
    const bool has_baseline = number != nullptr && number->has_baseline();
    baseline.points.push_back({has_baseline ? number->baseline() : kGap, y});
    baseline.spreads.push_back(
        has_baseline && number->has_allowed() ? number->allowed() : kGap);
  }
  plot.x_range = RangeOf(values);
  plot.series = {std::move(baseline), std::move(now)};
  figure.height = 110 + 22 * static_cast<int>(records.size());
  figure.caption = absl::StrCat(
      what,
      ": the mean over seeds by commit, the oldest on top; dashed the "
      "baseline at that time, with how far it was allowed to be off.");
  return figure;
}

Table CommitTable(const Records& records) {
  Table table;
  table.caption = "The comparisons on this page, the last one last.";
  table.columns = {
      {"time", false}, {"commit", false}, {"numbers"}, {"regressed", false}};
  for (const HistoryRecord& record : records) {
    table.rows.push_back({record.time(), record.commit(),
                          absl::StrCat(record.numbers_size()),
                          record.regressed() ? "yes" : "no"});
  }
  return table;
}

}  // namespace

Page HistoryPage(const std::vector<HistoryRecord>& all) {
  const size_t first =
      all.size() > kMostCommits ? all.size() - kMostCommits : 0;
  const Records records(all.begin() + static_cast<ptrdiff_t>(first), all.end());
  Page page;
  page.title = "History of tracked numbers";
  page.lead = absl::StrCat(
      all.size(), all.size() == 1 ? " comparison" : " comparisons",
      first > 0
          ? absl::StrCat(", the last ", kMostCommits, " of which are shown")
          : "");
  page.elements.push_back(
      PageTable{.table = CommitTable(records), .name = "comparisons"});
  std::vector<std::string> whats;
  for (const HistoryRecord& record : records) {
    for (const Number& number : record.numbers()) {
      if (number.has_now() &&
          std::find(whats.begin(), whats.end(), number.what()) == whats.end())
        whats.push_back(number.what());
    }
  }
  std::string heading;
  int index = 0;
  for (const std::string& what : whats) {
    // "EXPERIMENT, PHASE: NUMBER".
    const std::string of = what.substr(0, what.rfind(": "));
    if (of != heading) page.elements.push_back(Heading{of});
    heading = of;
    page.elements.push_back(FigureOf(records, what, ++index));
  }
  return page;
}

}  // namespace tritlab
