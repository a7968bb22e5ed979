#include "reports/write_report.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/file_lock.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "reports/energy/energy_costs.h"
#include "reports/energy/energy_costs.pb.h"
#include "reports/energy/energy_result.h"
#include "reports/page/html.h"
#include "reports/page/kernel_picture.h"
#include "reports/page/latex.h"
#include "reports/page/markdown.h"
#include "reports/page/page.h"
#include "reports/page/plot.h"
#include "reports/report.pb.h"
#include "reports/report_json.h"
#include "reports/run/report_page.h"
#include "reports/runs/find_runs.h"
#include "reports/runs/runs_page.h"

namespace tritlab {
namespace {

// NAME.md and NAME.html, and NAME.tex where asked.
absl::Status WritePages(const Page& page, const std::string& directory,
                        const std::string& name, bool latex) {
  const std::string path = JoinPath(directory, name);
  RETURN_IF_ERROR(
      WriteFileAtomically(absl::StrCat(path, ".md"), PageToMarkdown(page)));
  if (latex) {
    RETURN_IF_ERROR(
        WriteFileAtomically(absl::StrCat(path, ".tex"), PageToLatex(page)));
  }
  return WriteFileAtomically(absl::StrCat(path, ".html"), PageToHtml(page));
}

// As long as it lives, no other process writes into the folder what this file
// writes: a run does that, and whoever has its pages rendered meanwhile.
absl::StatusOr<std::unique_ptr<FileLock>> LockReports(
    const std::string& directory) {
  return FileLock::Wait(JoinPath(directory, ".report.lock"));
}

// In place of what the report has for a process of that name.
absl::Status SetEnergyOf(const EnergyCosts& costs, Report& report) {
  for (PhaseResult& phase : *report.mutable_results()) {
    auto& energy = *phase.mutable_energy();
    energy.erase(std::remove_if(energy.begin(), energy.end(),
                                [&](const EnergyResult& result) {
                                  return result.process() == costs.process();
                                }),
                 energy.end());
    RETURN_IF_ERROR(AddEnergy(costs, phase));
  }
  return absl::OkStatus();
}

// What the folder is called, however the path to it is written.
std::string NameOf(const std::string& directory) {
  std::error_code ignored;
  std::filesystem::path path =
      std::filesystem::weakly_canonical(directory, ignored);
  return path.has_filename() ? path.filename().string() : directory;
}

}  // namespace

absl::Status WriteReport(const Report& report, const std::string& directory) {
  ASSIGN_OR_RETURN(const std::string json, ReportToJson(report));
  const Page page = ReportPage(report);
  ASSIGN_OR_RETURN(const auto lock, LockReports(directory));
  RETURN_IF_ERROR(WritePages(page, directory, "report", /*latex=*/false));
  // Last: where it is, the others are.
  return WriteFileAtomically(JoinPath(directory, "report.json"), json);
}

absl::Status RenderAgain(const std::string& directory,
                         const RenderOptions& options) {
  const std::string path = JoinPath(directory, "report.json");
  RETURN_IF_ERROR(ReadReport(path).status());  // else the folder is no run's
  ASSIGN_OR_RETURN(const auto lock, LockReports(directory));
  ASSIGN_OR_RETURN(Report report, ReadReport(path));
  if (!options.energy_costs.empty()) {
    ASSIGN_OR_RETURN(const EnergyCosts costs,
                     ReadEnergyCosts(options.energy_costs));
    RETURN_IF_ERROR(WithPrefix(path, SetEnergyOf(costs, report)));
  }
  RETURN_IF_ERROR(
      WritePages(ReportPage(report), directory, "report", options.latex));
  if (options.energy_costs.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string json, ReportToJson(report));
  return WriteFileAtomically(path, json);
}

absl::Status RenderRuns(const std::string& directory,
                        const RenderOptions& options) {
  ASSIGN_OR_RETURN(FoundRuns found, FindRuns(directory));
  if (!options.energy_costs.empty()) {
    ASSIGN_OR_RETURN(const EnergyCosts costs,
                     ReadEnergyCosts(options.energy_costs));
    for (FoundRun& run : found.runs)
      RETURN_IF_ERROR(WithPrefix(run.folder, SetEnergyOf(costs, run.report)));
  }
  const Page page = RunsPage(NameOf(directory), found);
  ASSIGN_OR_RETURN(const auto lock, LockReports(directory));
  return WritePages(page, directory, "runs", options.latex);
}

absl::Status WritePictures(const Report& report, const std::string& directory) {
  constexpr int kWidth = 820;
  RETURN_IF_ERROR(MakeDirectories(directory));
  const auto write = [&](const std::string& name,
                         const absl::StatusOr<std::string>& svg) {
    // Nothing that could be drawn; the page says so in its place.
    if (absl::IsInvalidArgument(svg.status())) return absl::OkStatus();
    RETURN_IF_ERROR(svg.status());
    return WriteFileAtomically(JoinPath(directory, absl::StrCat(name, ".svg")),
                               StandaloneSvg(*svg));
  };
  int kernels = 0;
  for (const PageElement& element : ReportPage(report).elements) {
    if (const Figure* figure = std::get_if<Figure>(&element)) {
      RETURN_IF_ERROR(write(figure->plot.name,
                            DrawSvg(figure->plot, kWidth, figure->height)));
    } else if (const auto* picture = std::get_if<KernelFigure>(&element)) {
      const std::string name = absl::StrCat("kernels_", ++kernels);
      RETURN_IF_ERROR(
          write(name, DrawKernels(picture->kernels, name, picture->title)));
    }
  }
  return absl::OkStatus();
}

}  // namespace tritlab
