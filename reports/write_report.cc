#include "reports/write_report.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "reports/energy_costs.h"
#include "reports/energy_costs.pb.h"
#include "reports/energy_result.h"
#include "reports/figures.h"
#include "reports/html.h"
#include "reports/markdown.h"
#include "reports/plot.h"
#include "reports/report.pb.h"
#include "reports/report_json.h"

namespace tritlab {
namespace {

absl::Status WritePages(const Report& report, const std::string& directory) {
  RETURN_IF_ERROR(WriteFileAtomically(JoinPath(directory, "report.md"),
                                      ReportToMarkdown(report)));
  return WriteFileAtomically(JoinPath(directory, "report.html"),
                             ReportToHtml(report));
}

}  // namespace

absl::Status WriteReport(const Report& report, const std::string& directory) {
  ASSIGN_OR_RETURN(const std::string json, ReportToJson(report));
  RETURN_IF_ERROR(
      WriteFileAtomically(JoinPath(directory, "report.json"), json));
  return WritePages(report, directory);
}

absl::Status RenderAgain(const std::string& directory,
                         const std::string& energy_costs) {
  ASSIGN_OR_RETURN(Report report,
                   ReadReport(JoinPath(directory, "report.json")));
  if (!energy_costs.empty()) {
    ASSIGN_OR_RETURN(const EnergyCosts costs, ReadEnergyCosts(energy_costs));
    for (PhaseResult& phase : *report.mutable_results())
      RETURN_IF_ERROR(AddEnergy(costs, phase));
  }
  return WritePages(report, directory);
}

absl::Status WritePictures(const Report& report, const std::string& directory) {
  constexpr int kWidth = 820;
  RETURN_IF_ERROR(MakeDirectories(directory));
  for (const Figure& figure :
       {AccuracyFigure(report), SparsityFigure(report)}) {
    if (figure.plot.series.empty()) continue;
    ASSIGN_OR_RETURN(const std::string svg,
                     DrawSvg(figure.plot, kWidth, figure.height));
    RETURN_IF_ERROR(WriteFileAtomically(
        JoinPath(directory, absl::StrCat(figure.plot.name, ".svg")),
        StandaloneSvg(svg)));
  }
  return absl::OkStatus();
}

}  // namespace tritlab
