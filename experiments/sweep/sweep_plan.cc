#include "experiments/sweep/sweep_plan.h"

#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "experiments/run_folder.h"
#include "experiments/runner.h"
#include "experiments/shared_phases.h"
#include "experiments/spec_file.h"
#include "google/protobuf/util/message_differencer.h"
#include "kernels/tensor.h"
#include "reports/report_json.h"

namespace tritlab {
namespace {

// The points' runs, all seeds of the first point first.
std::vector<SweepRun> PointRuns(const Sweep& sweep, const std::string& folder) {
  std::vector<SweepRun> runs;
  for (size_t i = 0; i < sweep.points.size(); ++i) {
    const SweepPoint& point = sweep.points[i];
    std::vector<uint32_t> seeds(point.spec.seeds().begin(),
                                point.spec.seeds().end());
    if (seeds.empty()) seeds = {1};
    for (const uint32_t seed : seeds) {
      SweepRun run{.name = point.name,
                   .folder = JoinPath(JoinPath(folder, "points"), point.name),
                   .spec = point.spec,
                   .point = static_cast<int>(i)};
      run.spec.clear_seeds();
      run.spec.add_seeds(seed);
      if (seeds.size() > 1) {
        absl::StrAppend(&run.name, " seed ", seed);
        run.folder = JoinPath(run.folder, absl::StrCat("seed-", seed));
      }
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

}  // namespace

absl::StatusOr<Shard> ParseShard(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  Shard shard;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &shard.index) ||
      !absl::SimpleAtoi(parts[1], &shard.count) || shard.index < 1 ||
      shard.index > shard.count) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--shard: \"", text,
        "\" is impossible; give I/N, such as 1/4 for the first of four"));
  }
  return shard;
}

std::vector<SweepRun> PlanSweep(const Sweep& sweep, const std::string& folder,
                                const std::string& shared_phases,
                                const Shard& shard) {
  std::vector<SweepRun> of_points = PointRuns(sweep, folder);
  // The keys of each run's phases, and how many runs have them.
  std::vector<std::vector<std::string>> keys(of_points.size());
  std::map<std::string, int> uses;
  for (size_t i = 0; i < of_points.size(); ++i) {
    const ExperimentSpec& spec = of_points[i].spec;
    for (const PhaseSpec& phase : spec.phases()) {
      keys[i].push_back(
          PhaseKey(spec, phase.name(), spec.seeds(0), DataTypeOf(spec)));
      ++uses[keys[i].back()];
    }
  }

  std::vector<SweepRun> runs;
  std::map<std::string, int> shared;  // key -> index into runs
  for (size_t i = 0; i < of_points.size(); ++i) {
    SweepRun& of_point = of_points[i];
    of_point.wanted =
        static_cast<int>(i % static_cast<size_t>(shard.count)) + 1 ==
        shard.index;
    for (int p = 0; p < of_point.spec.phases_size(); ++p) {
      const std::string& key = keys[i][p];
      if (uses[key] < 2) continue;
      if (shared.count(key) == 0) {
        const ExperimentSpec& spec = of_point.spec;
        SweepRun run{.name = absl::StrCat("shared ", key),
                     .folder = JoinPath(shared_phases, key),
                     .spec = SharedPhaseSpec(spec, spec.phases(p).name(),
                                             spec.seeds(0), DataTypeOf(spec))};
        for (const PhaseSpec& phase : run.spec.phases()) {
          const auto found = shared.find(
              PhaseKey(spec, phase.name(), spec.seeds(0), DataTypeOf(spec)));
          if (found != shared.end()) run.needs.push_back(found->second);
        }
        shared[key] = static_cast<int>(runs.size());
        runs.push_back(std::move(run));
      }
      const int index = shared[key];
      of_point.needs.push_back(index);
      runs[index].wanted |= of_point.wanted;
    }
  }
  for (SweepRun& of_point : of_points) runs.push_back(std::move(of_point));
  return runs;
}

absl::StatusOr<Report> FinishedReport(const SweepRun& run) {
  const absl::Status unfinished =
      absl::NotFoundError(absl::StrCat(run.folder, ": the run is not done"));
  ExperimentSpec spec;
  absl::StatusOr<Report> report =
      ReadReport(JoinPath(run.folder, "report.json"));
  if (!report.ok() || !ReadTextProto(SpecIn(run.folder), spec).ok() ||
      !google::protobuf::util::MessageDifferencer::Equals(spec, run.spec) ||
      report->results_size() != run.spec.phases_size()) {
    return unfinished;
  }
  return report;
}

}  // namespace tritlab
