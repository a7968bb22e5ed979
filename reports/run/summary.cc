#include "reports/run/summary.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/one_line.h"
#include "reports/page/table.h"
#include "reports/report.pb.h"
#include "reports/run/report_tables.h"

namespace tritlab {

std::string SummaryTable(const Report& report) {
  if (report.results_size() == 0) return "No phase has finished.\n";
  std::string text =
      AlignedText(SummaryTableOf(report, SummaryDetail::kTerminal));
  std::set<std::string> sources;
  for (const PaperResult& paper : report.paper()) {
    if (!paper.source().empty()) sources.insert(paper.source());
  }
  if (!sources.empty()) {
    absl::StrAppend(&text, "paper: ", OneLine(absl::StrJoin(sources, "; ")),
                    "\n");
  }
  return text;
}

}  // namespace tritlab
