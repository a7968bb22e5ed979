// Makes a report's pages again from a run's folder: `render --run=DIR`; or one
// page over all runs in a folder, such as a sweep's: `render --runs=DIR`. Exit
// status: 0 done, 2 bad flags, report.json is missing or damaged, or a page
// cannot be written; 1 anything else.

#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "reports/report.pb.h"
#include "reports/report_json.h"
#include "reports/run/summary.h"
#include "reports/write_report.h"

ABSL_FLAG(std::string, run, "", "the run's folder, which holds report.json");
ABSL_FLAG(std::string, runs, "",
          "a folder of runs, such as a sweep's: one page over all of them, "
          "runs.html and runs.md in it");
ABSL_FLAG(bool, latex, false,
          "also write the tables as LaTeX: report.tex, runs.tex");
ABSL_FLAG(
    std::string, energy_costs, "",
    "a text proto of energy costs (reports/energy/energy_costs.proto); the "
    "pages, and "
    "with --run report.json, then have the energy at these as well, in place "
    "of a process of the same name");
ABSL_FLAG(std::string, pictures, "",
          "a folder to write the pictures of --run to as SVG files as well");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Makes report.md and report.html again from the report.json of a run, or "
    "runs.md and runs.html from all runs in a folder.";

absl::Status RenderRun(const std::string& folder, const std::string& pictures,
                       const RenderOptions& options) {
  const std::string path = JoinPath(folder, "report.json");
  if (!FileExists(path) && IsDirectory(folder)) {
    return absl::NotFoundError(absl::StrCat(
        path, ": not found; --runs makes one page over a folder of runs"));
  }
  ASSIGN_OR_RETURN(const Report report, ReadReport(path));
  RETURN_IF_ERROR(RenderAgain(folder, options));
  if (!pictures.empty()) RETURN_IF_ERROR(WritePictures(report, pictures));
  std::printf("%s%s\n", SummaryTable(report).c_str(),
              JoinPath(folder, "report.html").c_str());
  return absl::OkStatus();
}

absl::Status Main(int argc, char** argv) {
  RETURN_IF_ERROR(ParseCommandLine(argc, argv, kUsage).status());
  const std::string run = FromWorkingDirectory(absl::GetFlag(FLAGS_run));
  const std::string runs = FromWorkingDirectory(absl::GetFlag(FLAGS_runs));
  const std::string pictures =
      FromWorkingDirectory(absl::GetFlag(FLAGS_pictures));
  const RenderOptions options = {
      .energy_costs = FromWorkingDirectory(absl::GetFlag(FLAGS_energy_costs)),
      .latex = absl::GetFlag(FLAGS_latex)};
  if (run.empty() == runs.empty()) {
    return absl::InvalidArgumentError(
        run.empty() ? "--run: not given; name a run's folder, such as "
                      "runs/quickstart, or a folder of many with --runs"
                    : "--run: --runs is given as well; give one of them");
  }
  if (!run.empty()) return RenderRun(run, pictures, options);
  if (!pictures.empty()) {
    return absl::InvalidArgumentError(
        "--pictures: it takes the pictures of one run; name it with --run");
  }
  RETURN_IF_ERROR(RenderRuns(runs, options));
  std::printf("%s\n", JoinPath(runs, "runs.html").c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
