#include "reports/runs/run_results.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reports/find_phase.h"
#include "reports/report.pb.h"
#include "reports/run/report_tables.h"
#include "reports/runs/find_runs.h"
#include "reports/runs/sample.h"

namespace tritlab {
namespace {

// One seed's.
struct PhaseOfRun {
  const Report* report;
  const PhaseResult* phase;
};

std::string MethodOf(const PhaseResult& phase) {
  std::set<std::string> methods;
  for (const LayerResult& layer : phase.layers())
    methods.insert(layer.quantizer());
  methods.erase("");
  if (methods.size() > 1) methods.erase("full_precision");
  return methods.empty() ? phase.name() : absl::StrJoin(methods, " + ");
}

// The same for a phase that two runs have in common, and for nothing else.
std::string Fingerprint(const PhaseOfRun& seed) {
  const auto& [report, phase] = seed;
  const Provenance& run = report->provenance();
  std::string text = absl::StrCat(
      report->network().name(), "\n", run.dataset(), "\n", run.data_checksum(),
      "\n", run.data_type(), "\n", run.seed(), "\n", phase->name(), "\n");
  absl::StrAppend(&text, phase->top1(), "\n", phase->loss(), "\n",
                  phase->weight_bytes(), "\n");
  for (const EpochResult& epoch : phase->epochs()) {
    absl::StrAppend(&text, epoch.train_loss(), " ", epoch.test_loss(), " ",
                    epoch.test_top1(), "\n");
  }
  return text;
}

std::optional<double> MeanOfAny(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  return Mean(values);
}

std::string NameOf(const FoundRun& run) {
  if (!run.in_sweep) return run.point;
  return absl::StrCat(
      run.sweep == "." ? "" : absl::StrCat(run.sweep, ": "),
      absl::StrJoin(run.axes, ", ",
                    [](std::string* out, const AxisValue& axis) {
                      absl::StrAppend(out, axis.axis, "=", axis.value);
                    }));
}

const PhaseResult& LastOf(const Report& report) {
  return report.results(report.results_size() - 1);
}

// `run`: the one that has come furthest of the seeds' runs.
RunResult Summarize(const FoundRun& run, const std::vector<PhaseOfRun>& seeds) {
  const PhaseResult& first = *seeds[0].phase;
  const Report& report = *seeds[0].report;
  RunResult result;
  result.run = NameOf(run);
  result.phase = first.name();
  result.method = MethodOf(first);
  result.network = report.network().name();
  result.dataset = report.provenance().dataset();
  result.data_type = report.provenance().data_type();
  result.data = report.provenance().data_checksum();
  result.in_sweep = run.in_sweep;
  result.sweep = run.sweep;
  result.axes = run.axes;
  result.start = first.starts_from();
  result.last = first.name() == LastOf(run.report).name();
  result.phases = run.report.results_size();
  result.seeds = static_cast<int>(seeds.size());
  for (const LayerResult& layer : first.layers())
    result.dense_bytes += 4.0 * layer.weights();
  for (const PaperResult& paper : report.paper()) {
    if (paper.phase() == first.name()) result.paper_top1 = paper.top1();
  }
  const auto mean = [&](auto value) {
    std::vector<double> values;
    values.reserve(seeds.size());
    for (const PhaseOfRun& seed : seeds) values.push_back(value(*seed.phase));
    return Mean(values);
  };
  std::vector<double> top1, start_top1;
  std::map<EnergyKey, std::vector<double>> energy;
  for (const auto& [of_seed, phase] : seeds) {
    top1.push_back(phase->top1());
    if (const PhaseResult* start = FindPhase(*of_seed, phase->starts_from()))
      start_top1.push_back(start->top1());
    for (const EnergyResult& entry : phase->energy()) {
      energy[{entry.process(), entry.activations()}].push_back(
          SparseEnergyOf(entry.total()));
    }
  }
  result.top1 = Mean(top1);
  result.top1_deviation = Deviation(top1);
  result.start_top1 = MeanOfAny(start_top1);
  for (const auto& [key, values] : energy) result.energy_pj[key] = Mean(values);
  using Phase = PhaseResult;
  result.weight_sparsity =
      mean([](const Phase& p) { return p.weight_sparsity(); });
  result.weight_bytes = mean([](const Phase& p) { return p.weight_bytes(); });
  result.epochs = mean([](const Phase& p) { return p.epochs_size(); });
  result.train_multiply_adds =
      mean([](const Phase& p) { return p.train_multiply_adds(); });
  result.seconds = mean([](const Phase& p) { return p.seconds(); });
  return result;
}

}  // namespace

std::vector<RunResult> ResultsOf(const std::vector<FoundRun>& runs) {
  // Seeds of one point are one entry, whatever stands between them.
  std::vector<std::vector<const FoundRun*>> points;
  std::map<std::string, size_t> indices;
  for (const FoundRun& run : runs) {
    const auto [at, is_new] = indices.emplace(run.point, points.size());
    if (is_new) points.emplace_back();
    points[at->second].push_back(&run);
  }
  std::vector<RunResult> results;
  std::map<std::string, size_t> seen;  // fingerprint of a seed -> index
  for (const std::vector<const FoundRun*>& point : points) {
    // Phases as the seed has them that has come furthest.
    const FoundRun& furthest = **std::max_element(
        point.begin(), point.end(), [](const FoundRun* a, const FoundRun* b) {
          return a->report.results_size() < b->report.results_size();
        });
    const Report& report = furthest.report;
    for (const PhaseResult& phase : report.results()) {
      std::vector<PhaseOfRun> seeds;
      for (const FoundRun* run : point) {
        if (const PhaseResult* same = FindPhase(run->report, phase.name()))
          seeds.push_back({&run->report, same});
      }
      const bool about_it =
          &phase == &LastOf(report) && report.results_size() > 1;
      if (!about_it) {
        bool is_new = false;
        size_t index = 0;
        for (const PhaseOfRun& seed : seeds) {
          const auto [at, inserted] =
              seen.emplace(Fingerprint(seed), results.size());
          is_new = is_new || inserted;
          index = at->second;
        }
        if (!is_new) {
          if (report.results_size() > 1) ++results[index].others;
          continue;
        }
      }
      results.push_back(Summarize(furthest, seeds));
    }
  }
  return results;
}

}  // namespace tritlab
