// Whether runs are as good as a baseline: `regress --baseline=FILE --run=DIR`.
// Exit status: 0 as good, 1 something regressed or not all runs are done, 2 bad
// flags, no baseline, no runs, or an experiment that the baseline does not
// have.

#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/one_line.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "reports/page/html.h"
#include "reports/page/markdown.h"
#include "reports/page/table.h"
#include "reports/regression/baseline_file.h"
#include "reports/regression/history.h"
#include "reports/regression/history_page.h"
#include "reports/regression/junit.h"
#include "reports/regression/regression.h"
#include "reports/regression/regression_page.h"
#include "reports/regression/tracked_numbers.h"
#include "reports/runs/find_runs.h"

ABSL_FLAG(std::string, baseline, "",
          "what to compare with: a text proto, experiments/baselines/NAME"
          ".textproto");
ABSL_FLAG(std::string, run, "",
          "a run's folder; or a folder of runs, such as a sweep's, which must "
          "have all that the baseline has");
ABSL_FLAG(bool, update, false,
          "write the runs' numbers to the baseline; needs --reason");
ABSL_FLAG(std::string, reason, "", "why the baseline is updated; kept in it");
ABSL_FLAG(std::string, markdown, "",
          "a file to write the comparison to, for a pull request");
ABSL_FLAG(std::string, junit, "",
          "a file to write the verdicts to as JUnit XML");
ABSL_FLAG(std::string, history, "",
          "a file to append the comparison to, one line of JSON");
ABSL_FLAG(std::string, page, "",
          "an HTML file to draw the history to; needs --history");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Compares a run, or all runs in a folder, with a baseline.";

struct Outputs {
  std::string markdown, junit, history, page;
};

std::string PathFlag(const absl::Flag<std::string>& flag) {
  return FromWorkingDirectory(absl::GetFlag(flag));
}

absl::Status CheckFlags() {
  if (absl::GetFlag(FLAGS_baseline).empty()) {
    return absl::InvalidArgumentError(
        "--baseline: not given; name a file, such as "
        "experiments/baselines/builtin.textproto");
  }
  if (absl::GetFlag(FLAGS_run).empty()) {
    return absl::InvalidArgumentError(
        "--run: not given; name a run's folder, or a folder of runs");
  }
  if (absl::GetFlag(FLAGS_update) && absl::GetFlag(FLAGS_reason).empty()) {
    return absl::InvalidArgumentError(
        "--reason: not given; say why the baseline is updated");
  }
  if (!absl::GetFlag(FLAGS_update) && !absl::GetFlag(FLAGS_reason).empty()) {
    return absl::InvalidArgumentError(
        "--reason: it is for --update, which is not given");
  }
  const std::pair<const char*, const absl::Flag<std::string>*> outputs[] = {
      {"--markdown", &FLAGS_markdown},
      {"--junit", &FLAGS_junit},
      {"--history", &FLAGS_history},
      {"--page", &FLAGS_page}};
  for (const auto& [name, flag] : outputs) {
    if (!absl::GetFlag(FLAGS_update) || absl::GetFlag(*flag).empty()) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        name,
        ": it is for a comparison, and --update makes none; leave it "
        "out"));
  }
  if (!absl::GetFlag(FLAGS_page).empty() &&
      absl::GetFlag(FLAGS_history).empty()) {
    return absl::InvalidArgumentError(
        "--page: it draws a history; name its file with --history");
  }
  return absl::OkStatus();
}

std::string CommitsOf(const std::vector<FoundRun>& runs) {
  std::set<std::string> commits;
  for (const FoundRun& run : runs)
    commits.insert(run.report.provenance().commit());
  commits.erase("");
  return commits.empty() ? "unknown" : absl::StrJoin(commits, ", ");
}

// Moves runs that are not over from the runs to what is missing.
void TakeUnfinished(FoundRuns& found) {
  std::vector<FoundRun> over;
  for (FoundRun& run : found.runs) {
    if (IsOver(run)) {
      over.push_back(std::move(run));
    } else {
      found.missing.push_back(
          absl::StrCat(run.folder == "." ? "" : absl::StrCat(run.folder, ": "),
                       "the run is not over"));
    }
  }
  found.runs = std::move(over);
}

absl::Status Write(const Comparison& comparison, const std::string& commit,
                   const Outputs& outputs) {
  if (!outputs.markdown.empty()) {
    RETURN_IF_ERROR(WriteFileAtomically(
        outputs.markdown, PageToMarkdown(RegressionPage(comparison, commit))));
  }
  if (!outputs.junit.empty())
    RETURN_IF_ERROR(WriteFileAtomically(outputs.junit, JUnitXml(comparison)));
  if (!outputs.history.empty()) {
    const std::string now = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now(),
                                             absl::UTCTimeZone());
    RETURN_IF_ERROR(
        AppendToHistory(RecordOf(comparison, now, commit), outputs.history));
  }
  if (outputs.page.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<HistoryRecord> records,
                   ReadHistory(outputs.history));
  return WriteFileAtomically(outputs.page, PageToHtml(HistoryPage(records)));
}

// No output takes the place of what is read, or of another output.
absl::Status CheckOutputs(const std::string& baseline,
                          const std::string& folder, const FoundRuns& found,
                          const Outputs& outputs) {
  std::map<std::string, std::string> taken = {
      {CanonicalPath(baseline), "the baseline"}};
  for (const FoundRun& run : found.runs) {
    const std::string report =
        JoinPath(JoinPath(folder, run.folder), "report.json");
    taken.emplace(CanonicalPath(report), "a run's report");
  }
  const std::pair<const char*, const std::string&> files[] = {
      {"--markdown", outputs.markdown},
      {"--junit", outputs.junit},
      {"--history", outputs.history},
      {"--page", outputs.page}};
  for (const auto& [flag, path] : files) {
    if (path.empty()) continue;
    const auto [other, is_new] = taken.emplace(CanonicalPath(path), flag);
    if (is_new) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        flag, ": ", path, " is ", other->second, "; name another file"));
  }
  return absl::OkStatus();
}

absl::Status Update(const std::vector<MeasuredEntry>& measured, bool whole,
                    const std::string& commit, const std::string& path,
                    Baseline baseline) {
  BaselineUpdate update;
  update.set_date(
      absl::FormatTime("%Y-%m-%d", absl::Now(), absl::UTCTimeZone()));
  update.set_commit(commit);
  update.set_reason(absl::GetFlag(FLAGS_reason));
  UpdateBaseline(measured, whole, update, baseline);
  for (const BaselineEntry& entry : baseline.entries()) {
    if (entry.seeds() > 1) continue;
    std::fprintf(stderr,
                 "warning: %s, %s: one seed has no spread, so top-1 and the "
                 "like are not judged; run it with more\n",
                 OneLine(entry.experiment()).c_str(),
                 OneLine(entry.phase()).c_str());
  }
  RETURN_IF_ERROR(WriteBaseline(baseline, path));
  std::printf("%s\n", path.c_str());
  return absl::OkStatus();
}

absl::Status Main(int argc, char** argv) {
  RETURN_IF_ERROR(ParseCommandLine(argc, argv, kUsage).status());
  RETURN_IF_ERROR(CheckFlags());
  const std::string path = PathFlag(FLAGS_baseline);
  const std::string folder = PathFlag(FLAGS_run);
  const bool update = absl::GetFlag(FLAGS_update);
  absl::StatusOr<Baseline> baseline = ReadBaseline(path);
  if (absl::IsNotFound(baseline.status())) {
    if (!update) {
      return absl::NotFoundError(
          absl::StrCat(path, ": not found; --update --reason=TEXT makes it"));
    }
    baseline = Baseline();
  }
  RETURN_IF_ERROR(baseline.status());
  ASSIGN_OR_RETURN(FoundRuns found, FindRuns(folder));
  // A run by itself says nothing on the baseline's other experiments.
  const bool whole = found.runs.size() > 1 || found.runs[0].folder != ".";
  const Outputs outputs = {.markdown = PathFlag(FLAGS_markdown),
                           .junit = PathFlag(FLAGS_junit),
                           .history = PathFlag(FLAGS_history),
                           .page = PathFlag(FLAGS_page)};
  RETURN_IF_ERROR(CheckOutputs(path, folder, found, outputs));
  TakeUnfinished(found);
  if (update && !found.missing.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder, ": not all runs are done (", found.missing[0],
                     "); a baseline needs them"));
  }
  ASSIGN_OR_RETURN(const std::vector<MeasuredEntry> measured,
                   MeasuredNumbers(found.runs));
  const std::string commit = CommitsOf(found.runs);
  if (update)
    return Update(measured, whole, commit, path, *std::move(baseline));

  absl::StatusOr<Comparison> comparison = Compare(*baseline, measured, whole);
  RETURN_IF_ERROR(WithPrefix(path, comparison.status()));
  AddMissingRuns(found.missing, *comparison);
  std::printf(
      "%s",
      AlignedText(VerdictTable(*comparison, /*only_moved=*/false)).c_str());
  std::printf("\n%s\n", Summary(*comparison).c_str());
  RETURN_IF_ERROR(Write(*comparison, commit, outputs));
  if (!comparison->regressed()) return absl::OkStatus();
  if (!found.missing.empty()) {
    return absl::AbortedError(
        absl::StrCat(folder, ": not all runs are done (", found.missing[0],
                     "); nothing is shown to be as good as ", path));
  }
  return absl::AbortedError(absl::StrCat(
      Summary(*comparison), " against ", path,
      "; where that is meant, --update --reason=TEXT makes it the baseline"));
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
