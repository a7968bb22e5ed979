#include "reports/regression/regression_page.h"

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reports/page/number_format.h"

namespace tritlab {
namespace {

std::string Format(const std::string& name, double value) {
  if (std::isnan(value)) return "\u2013";
  if (absl::StrContains(name, "top1")) return FormatFixed(value, 2);
  if (absl::EndsWith(name, "bytes") || absl::StartsWith(name, "energy"))
    return FormatRounded(value);
  return FormatSignificant(value);
}

std::string VerdictAndNote(const ComparedNumber& number) {
  const std::string verdict(NameOf(number.verdict));
  return number.note.empty() ? verdict
                             : absl::StrCat(verdict, ": ", number.note);
}

}  // namespace

std::string WhatOf(const ComparedNumber& number) {
  return absl::StrCat(number.experiment, ", ", number.phase, ": ", number.name);
}

Table VerdictTable(const Comparison& comparison, bool only_moved) {
  Table table;
  table.columns = {{"what", false},
                   {"baseline"},
                   {"now"},
                   {"allowed \u00b1"},
                   {"verdict", false}};
  for (const ComparedNumber& number : comparison.numbers) {
    if (only_moved && number.verdict == Verdict::kSame) continue;
    table.rows.push_back({WhatOf(number), Format(number.name, number.baseline),
                          Format(number.name, number.now),
                          Format(number.name, number.allowed),
                          VerdictAndNote(number)});
  }
  table.caption = absl::StrCat(
      only_moved ? "What is not as in the baseline"
                 : "All numbers that are tracked",
      ": means over seeds, and how far they may be off: by a prediction "
      "interval from the baseline's spread over seeds, each of ",
      comparison.judged_by_spread, " at the level of ",
      FormatSignificant(comparison.level), ", or by a fixed tolerance.");
  return table;
}

std::string Summary(const Comparison& comparison) {
  int regressed = 0, better = 0;
  for (const ComparedNumber& number : comparison.numbers) {
    regressed += IsRegression(number.verdict);
    better += number.verdict == Verdict::kBetter;
  }
  const size_t all = comparison.numbers.size();
  const std::string gains =
      better == 0 ? ""
                  : absl::StrCat(", ", better,
                                 better == 1 ? " is better" : " are better");
  if (regressed == 0) {
    return absl::StrCat(all, all == 1 ? " number" : " numbers",
                        ", none regressed", gains);
  }
  return absl::StrCat(regressed, " of ", all, " numbers regressed", gains);
}

Page RegressionPage(const Comparison& comparison, const std::string& commit) {
  Page page;
  page.title = comparison.regressed() ? "Accuracy: REGRESSED"
                                      : "Accuracy: as in the baseline";
  page.lead = absl::StrCat(Summary(comparison), " (commit ", commit, ")");
  Table moved = VerdictTable(comparison, /*only_moved=*/true);
  if (!moved.rows.empty())
    page.elements.push_back(PageTable{.table = moved, .name = "moved"});
  page.elements.push_back(
      PageTable{.table = VerdictTable(comparison, /*only_moved=*/false),
                .name = "all",
                .title = "All numbers"});
  return page;
}

}  // namespace tritlab
