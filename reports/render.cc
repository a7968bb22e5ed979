// Makes a report's pages again from a run's folder: `render --run=DIR`. Exit
// status: 0 done, 2 bad flags, report.json is missing or damaged, or a page
// cannot be written; 1 anything else.

#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "reports/report_json.h"
#include "reports/summary.h"
#include "reports/write_report.h"

ABSL_FLAG(std::string, run, "", "the run's folder, which holds report.json");
ABSL_FLAG(
    std::string, energy_costs, "",
    "a text proto of energy costs (reports/energy_costs.proto); the pages "
    "then show the energy at these as well");
ABSL_FLAG(std::string, pictures, "",
          "a folder to write the pictures to as SVG files as well");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Makes report.md and report.html again from the report.json of a run.";

absl::Status Main(int argc, char** argv) {
  RETURN_IF_ERROR(ParseCommandLine(argc, argv, kUsage).status());
  const std::string folder = FromWorkingDirectory(absl::GetFlag(FLAGS_run));
  if (folder.empty()) {
    return absl::InvalidArgumentError(
        "--run: not given; name a run's folder, such as runs/quickstart");
  }
  ASSIGN_OR_RETURN(const Report report,
                   ReadReport(JoinPath(folder, "report.json")));
  std::string costs = absl::GetFlag(FLAGS_energy_costs);
  if (!costs.empty()) costs = FromWorkingDirectory(costs);
  RETURN_IF_ERROR(RenderAgain(folder, costs));
  if (!absl::GetFlag(FLAGS_pictures).empty()) {
    RETURN_IF_ERROR(WritePictures(
        report, FromWorkingDirectory(absl::GetFlag(FLAGS_pictures))));
  }
  std::printf("%s%s\n", SummaryTable(report).c_str(),
              JoinPath(folder, "report.html").c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
