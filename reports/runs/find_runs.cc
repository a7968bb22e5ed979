#include "reports/runs/find_runs.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "reports/report_json.h"
#include "reports/runs/point_name.h"
#include "reports/runs/sweep_csv.h"

namespace tritlab {
namespace {

// A number at the beginning of `text`, which is then without it.
double TakeNumber(absl::string_view& text) {
  size_t digits = 0;
  bool point = false;
  for (; digits < text.size(); ++digits) {
    if (absl::ascii_isdigit(text[digits])) continue;
    if (text[digits] != '.' || std::exchange(point, true)) break;
  }
  double number = 0;
  static_cast<void>(absl::SimpleAtod(text.substr(0, digits), &number));
  text.remove_prefix(digits);
  return number;
}

// "bits=5" before "bits=10", "t=0.05" before "t=0.1".
bool InOrder(absl::string_view a, absl::string_view b) {
  const absl::string_view whole_a = a, whole_b = b;
  while (!a.empty() && !b.empty()) {
    if (absl::ascii_isdigit(a[0]) && absl::ascii_isdigit(b[0])) {
      const double left = TakeNumber(a), right = TakeNumber(b);
      if (left != right) return left < right;
    } else if (a[0] != b[0]) {
      return a[0] < b[0];
    } else {
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return a.empty() != b.empty() ? a.empty() : whole_a < whole_b;
}

// What sweep.csv says of a sweep's points.
struct SweepCsv {
  std::map<std::string, std::vector<AxisValue>> axes;  // by PointName
  std::vector<std::string> missing;
};

// A hundred thousand points.
constexpr int64_t kMostCsvBytes = 16 << 20;

SweepCsv ReadSweepCsv(const std::string& path) {
  SweepCsv sweep;
  const absl::StatusOr<std::string> csv = ReadFile(path, kMostCsvBytes);
  if (!csv.ok()) {
    sweep.missing.push_back(
        absl::IsNotFound(csv.status())
            ? "sweep.csv is not there: the sweep is not over"
            : std::string(csv.status().message()));
    return sweep;
  }
  const std::vector<std::vector<std::string>> lines = CsvFields(*csv);
  const std::string no_table =
      "sweep.csv is not a sweep's table; give the sweep's command again";
  if (lines.empty()) {
    sweep.missing.push_back(no_table);
    return sweep;
  }
  // The axes stand before the column "phase"; one may be called so itself. Only
  // the first two of kSweepColumns are needed.
  const std::vector<std::string>& titles = lines[0];
  size_t axes = 0;
  while (axes + 1 < titles.size() && !(titles[axes] == kSweepColumns[0] &&
                                       titles[axes + 1] == kSweepColumns[1]))
    ++axes;
  if (axes + 1 >= titles.size()) {
    sweep.missing.push_back(no_table);
    return sweep;
  }
  for (size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].size() != titles.size()) continue;
    std::vector<AxisValue> values;
    for (size_t j = 0; j < axes; ++j)
      values.push_back({titles[j], lines[i][j]});
    const std::string& status = lines[i][axes + 1];
    if (status != kPointDone) {
      sweep.missing.push_back(absl::StrCat(
          absl::StrJoin(values, ", ",
                        [](std::string* out, const AxisValue& axis) {
                          absl::StrAppend(out, axis.axis, "=", axis.value);
                        }),
          ": ",
          status == kPointFailed ? "failed" : "not run, or not all seeds"));
    }
    sweep.axes[PointName(values)] = std::move(values);
  }
  return sweep;
}

// Sets what follows from the run's folder.
void Place(FoundRun& run) {
  std::vector<std::string> parts = absl::StrSplit(run.folder, '/');
  if (absl::StartsWith(parts.back(), "seed-")) parts.pop_back();
  if (parts.empty()) parts = {"."};
  run.point = absl::StrJoin(parts, "/");
  run.axes = AxesOfName(parts.back());
  parts.pop_back();
  if (run.axes.empty() || parts.empty() || parts.back() != "points") {
    run.axes.clear();
    return;
  }
  parts.pop_back();
  run.in_sweep = true;
  run.sweep = parts.empty() ? "." : absl::StrJoin(parts, "/");
}

std::string PathOf(const std::string& directory, const std::string& folder) {
  return folder == "." ? directory : JoinPath(directory, folder);
}

struct Folders {
  std::vector<std::string> runs;    // in order
  std::vector<std::string> sweeps;  // not all: some are known by their points
};

// The folders with report.json, and with sweep.textproto, in `directory` and
// below it.
absl::StatusOr<Folders> FoldersIn(const std::string& directory) {
  namespace fs = std::filesystem;
  fs::path root = fs::path(directory).lexically_normal();
  if (!root.has_filename()) root = root.parent_path();
  Folders folders;
  std::error_code error;
  fs::recursive_directory_iterator at(
      root, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator();
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name == "report.json" || name == "sweep.textproto") {
      std::string folder =
          at->path().parent_path().lexically_relative(root).string();
      (name == "report.json" ? folders.runs : folders.sweeps)
          .push_back(std::move(folder));
    } else if (name == "checkpoints" || absl::StartsWith(name, ".")) {
      at.disable_recursion_pending();
    }
  }
  if (error) return FileError(error.value(), directory, "cannot be searched");
  for (std::vector<std::string>* const all : {&folders.runs, &folders.sweeps})
    std::sort(all->begin(), all->end(), InOrder);
  return folders;
}

}  // namespace

bool IsOver(const FoundRun& run) {
  const Report& report = run.report;
  return !report.results().empty() &&
         report.model_file().phase() ==
             report.results(report.results_size() - 1).name();
}

absl::StatusOr<FoundRuns> FindRuns(const std::string& directory) {
  ASSIGN_OR_RETURN(const Folders folders, FoldersIn(directory));
  FoundRuns found;
  std::map<std::string, SweepCsv> sweeps;
  const auto sweep_in = [&](const std::string& folder) -> const SweepCsv& {
    const auto [sweep, is_new] = sweeps.try_emplace(folder);
    if (is_new) {
      sweep->second =
          ReadSweepCsv(JoinPath(PathOf(directory, folder), "sweep.csv"));
      for (const std::string& missing : sweep->second.missing) {
        found.missing.push_back(
            folder == "." ? missing : absl::StrCat(folder, ": ", missing));
      }
    }
    return sweep->second;
  };
  // Some may have no point yet.
  for (const std::string& folder : folders.sweeps) sweep_in(folder);
  for (const std::string& folder : folders.runs) {
    FoundRun run;
    run.folder = folder;
    Place(run);
    absl::StatusOr<Report> report =
        ReadReport(JoinPath(PathOf(directory, folder), "report.json"));
    if (!report.ok()) {
      found.missing.push_back(std::string(report.status().message()));
      continue;
    }
    run.report = *std::move(report);
    if (run.in_sweep) {
      const SweepCsv& sweep = sweep_in(run.sweep);
      const auto shown = sweep.axes.find(PointName(run.axes));
      if (shown != sweep.axes.end()) run.axes = shown->second;
    }
    found.runs.push_back(std::move(run));
  }
  if (found.runs.empty()) {
    return absl::NotFoundError(absl::StrCat(
        directory, ": there is no run in it",
        found.missing.empty()
            ? ": no report.json, here or below; name a folder of runs"
            : absl::StrCat(" that can be read: ", found.missing[0])));
  }
  return found;
}

}  // namespace tritlab
