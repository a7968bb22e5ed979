#include "reports/regression/tracked_numbers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "reports/regression/normal_scale.h"
#include "reports/report.pb.h"
#include "reports/run/report_tables.h"

namespace tritlab {
namespace {

// A machine's clock and neighbours move even a ratio of speeds this much.
constexpr double kSpeedTolerance = 0.3;
// Of a packed file: names and seeds in its description have other lengths.
constexpr double kFileTolerance = 0.005;

// Of what a quantizer was given rather than learned: seeds agree but for the
// rounding of floats.
constexpr double kFloatTolerance = 1e-6;

struct Figure {
  TrackedNumber judgement;
  double value;
};

TrackedNumber BySpread(const std::string& name, TrackedNumber::Better better,
                       double resolution = 0) {
  TrackedNumber number;
  number.set_name(name);
  number.set_better(better);
  number.set_by_spread(true);
  number.set_resolution(resolution);
  return number;
}

// A share of the test set's images.
TrackedNumber InPercent(const std::string& name, double images) {
  TrackedNumber number = BySpread(name, TrackedNumber::HIGHER, 100 / images);
  number.set_normal_scale(TrackedNumber::LOG_ODDS);
  return number;
}

TrackedNumber ByTolerance(const std::string& name, TrackedNumber::Better better,
                          double tolerance) {
  TrackedNumber number;
  number.set_name(name);
  number.set_better(better);
  number.set_relative_tolerance(tolerance);
  return number;
}

// What a layer's quantizer describes, over the layers that have it.
struct OverLayers {
  double sum = 0;
  int layers = 0;
  bool whole = true;  // numbers, such as INQ's exponents
};

std::map<std::string, OverLayers> ValuesOverLayers(const PhaseResult& phase) {
  std::map<std::string, OverLayers> all;
  for (const LayerResult& layer : phase.layers()) {
    for (const auto& [name, value] : layer.values()) {
      OverLayers& values = all[name];
      values.sum += value;
      ++values.layers;
      values.whole = values.whole && value == std::round(value);
    }
  }
  return all;
}

// How unlike TTQ's two scales are: the logarithm of the root mean square, over
// layers, of ln(W_p / W_n); not set where there are none. The loss behind a
// batch normalization does not see a common factor of the two, so that
// W_p dL/dW_p + W_n dL/dW_n = 0: a gradient with a wrong sign moves scales that
// began equal by that factor alone, which no accuracy shows, and here is
// minus infinity.
std::optional<double> ScaleAsymmetry(const PhaseResult& phase) {
  double squares = 0;
  int layers = 0;
  for (const LayerResult& layer : phase.layers()) {
    const auto positive = layer.values().find("w_p");
    const auto negative = layer.values().find("w_n");
    if (positive == layer.values().end() || negative == layer.values().end())
      continue;
    const double ratio = std::log(std::abs(positive->second)) -
                         std::log(std::abs(negative->second));
    squares += ratio * ratio;
    ++layers;
  }
  if (layers == 0) return std::nullopt;
  return std::log(squares / layers) / 2;
}

std::vector<Figure> FiguresOf(const Report& report, const PhaseResult& phase) {
  using Number = TrackedNumber;
  std::vector<Figure> figures;
  const auto add = [&](TrackedNumber judgement, double value) {
    figures.push_back({std::move(judgement), value});
  };
  const double images = std::max(1u, report.provenance().test_images());
  double weights = 0;
  for (const LayerResult& layer : phase.layers()) weights += layer.weights();

  const TrackedNumber top1 = InPercent("top1", images);
  add(top1, phase.top1());
  // What seeds differ in from the start on cancels here. No step of an image
  // is smaller than at 50 %.
  for (const PhaseResult& start : report.results()) {
    if (start.name() != phase.starts_from()) continue;
    add(BySpread("log odds over start", Number::HIGHER, 4 / images),
        OnNormalScale(top1, phase.top1()) - OnNormalScale(top1, start.top1()));
  }
  TrackedNumber loss = BySpread("loss", Number::LOWER);
  loss.set_normal_scale(Number::LOGARITHM);
  add(std::move(loss), phase.loss());
  const ModelFile& file = report.model_file();
  if (file.phase() == phase.name() && file.has_integer_top1()) {
    add(InPercent("integer_top1", images), file.integer_top1());
  }
  add(BySpread("weight_sparsity", Number::EITHER_WAY_WORSE,
               weights > 0 ? 1 / weights : 0),
      phase.weight_sparsity());
  add(ByTolerance("weight_bytes", Number::LOWER, 0), phase.weight_bytes());
  if (file.phase() == phase.name())
    add(ByTolerance("file_bytes", Number::LOWER, kFileTolerance), file.bytes());
  for (const EnergyResult& energy : phase.energy()) {
    if (energy.activations() != "int8") continue;
    add(BySpread(absl::StrCat("energy ", energy.process()), Number::LOWER),
        SparseEnergyOf(energy.total()));
  }
  for (const auto& [name, values] : ValuesOverLayers(phase)) {
    Number number =
        BySpread(absl::StrCat("mean ", name), Number::EITHER_WAY_WORSE,
                 values.whole ? 1.0 / values.layers : 0);
    number.set_relative_tolerance(kFloatTolerance);
    add(std::move(number), values.sum / values.layers);
  }
  if (const std::optional<double> asymmetry = ScaleAsymmetry(phase)) {
    add(BySpread("scale asymmetry", Number::EITHER_WAY_WORSE), *asymmetry);
  }
  if (phase.has_calibration() && phase.calibration() > 0) {
    add(ByTolerance("speed", Number::HIGHER, kSpeedTolerance),
        phase.images_per_second() / (1e-6 * phase.calibration()));
  }
  return figures;
}

void Add(const Figure& figure, std::vector<MeasuredNumber>& numbers) {
  const auto at = std::find_if(
      numbers.begin(), numbers.end(), [&](const MeasuredNumber& number) {
        return number.judgement.name() == figure.judgement.name();
      });
  if (at == numbers.end()) {
    numbers.push_back({figure.judgement, {figure.value}});
  } else {
    at->values.push_back(figure.value);
  }
}

// A run that has fewer phases than the others of its experiment was stopped.
absl::Status CheckPhasesHaveTheSameSeeds(
    const std::vector<MeasuredEntry>& entries) {
  std::map<std::string, const MeasuredEntry*> firsts;
  for (const MeasuredEntry& entry : entries) {
    const auto [first, is_new] = firsts.emplace(entry.experiment, &entry);
    if (is_new || first->second->seeds == entry.seeds) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        entry.experiment, ": phase ", first->second->phase, " has the seeds ",
        absl::StrJoin(first->second->seeds, ", "), ", phase ", entry.phase, " ",
        absl::StrJoin(entry.seeds, ", "),
        "; finish the runs, or name a folder in which all have the same "
        "phases"));
  }
  return absl::OkStatus();
}

// Whether it is a start that points of a sweep share: a run of its own that is
// called after its last phase.
bool IsSharedStart(const FoundRun& run) {
  const Report& report = run.report;
  return !run.in_sweep && !report.results().empty() &&
         report.results(report.results_size() - 1).name() ==
             report.provenance().experiment();
}

// What a report says of how a start was trained, its seed left out.
using Traits = std::array<std::string, 5>;
Traits TraitsOf(const Report& report) {
  const Provenance& run = report.provenance();
  const auto setting = [](std::string* out, const PhaseResult& phase) {
    absl::StrAppend(out, phase.setting());
  };
  return {report.network().name(), report.network().description(),
          run.dataset(), run.data_type(),
          absl::StrJoin(report.results(), "; ", setting)};
}

// What the experiment of each run is called in a baseline: as in its spec. But
// starts that have one name and the same seed, for they differ along an axis of
// the sweep, are called by what they differ in as well, as far as reports say
// it: "full_precision (bf16)".
std::vector<std::string> ExperimentsOf(const std::vector<FoundRun>& runs) {
  std::vector<std::string> experiments;
  std::map<std::string, std::vector<size_t>> starts;  // by name
  for (size_t i = 0; i < runs.size(); ++i) {
    experiments.push_back(runs[i].report.provenance().experiment());
    if (IsSharedStart(runs[i])) starts[experiments[i]].push_back(i);
  }
  for (const auto& [name, indices] : starts) {
    std::set<uint32_t> seeds;
    std::vector<Traits> traits;
    for (const size_t i : indices) {
      seeds.insert(runs[i].report.provenance().seed());
      traits.push_back(TraitsOf(runs[i].report));
    }
    if (seeds.size() == indices.size()) continue;
    for (size_t i = 0; i < indices.size(); ++i) {
      std::vector<std::string> different;
      for (size_t trait = 0; trait < traits[i].size(); ++trait) {
        const std::string& own = traits[i][trait];
        if (std::any_of(traits.begin(), traits.end(), [&](const Traits& other) {
              return other[trait] != own;
            }))
          different.push_back(own);
      }
      if (different.empty()) continue;
      experiments[indices[i]] =
          absl::StrCat(name, " (", absl::StrJoin(different, ", "), ")");
    }
  }
  return experiments;
}

}  // namespace

absl::StatusOr<std::vector<MeasuredEntry>> MeasuredNumbers(
    const std::vector<FoundRun>& runs) {
  std::vector<MeasuredEntry> entries;
  std::map<std::pair<std::string, std::string>, size_t> indices;
  // Their seeds' speeds have no mean.
  std::set<size_t> of_several_machines;
  // The folder of each seed, by experiment.
  std::map<std::string, std::map<uint32_t, std::string>> folders;
  const std::vector<std::string> experiments = ExperimentsOf(runs);
  for (size_t r = 0; r < runs.size(); ++r) {
    const FoundRun& run = runs[r];
    const Report& report = run.report;
    const Provenance& provenance = report.provenance();
    const std::string& experiment = experiments[r];
    auto& of_experiment = folders[experiment];
    const auto [same, is_new] =
        of_experiment.emplace(provenance.seed(), run.folder);
    if (!is_new) {
      return absl::FailedPreconditionError(absl::StrCat(
          run.folder, ": a run of ", experiment, " with seed ",
          provenance.seed(), ", as is ", same->second,
          "; name a folder in which each is there once",
          IsSharedStart(run) ? ", such as the sweep's points" : ""));
    }
    const int first = run.in_sweep ? std::max(0, report.results_size() - 1) : 0;
    for (int i = first; i < report.results_size(); ++i) {
      const PhaseResult& phase = report.results(i);
      const auto [at, is_first] =
          indices.emplace(std::pair(experiment, phase.name()), entries.size());
      if (is_first) {
        entries.push_back({.experiment = experiment,
                           .phase = phase.name(),
                           .data_checksum = provenance.data_checksum(),
                           .instruction_set = provenance.instruction_set(),
                           .threads = provenance.threads()});
      }
      MeasuredEntry& entry = entries[at->second];
      if (entry.data_checksum != provenance.data_checksum()) {
        return absl::FailedPreconditionError(absl::StrCat(
            run.folder, ": a run of ", experiment, " on other images than ",
            of_experiment[entry.seeds[0]],
            "; name a folder in which all have the same"));
      }
      entry.seeds.push_back(provenance.seed());
      if (entry.instruction_set != provenance.instruction_set() ||
          entry.threads != provenance.threads())
        of_several_machines.insert(at->second);
      for (const Figure& figure : FiguresOf(report, phase))
        Add(figure, entry.numbers);
    }
  }
  for (const size_t entry : of_several_machines) {
    std::erase_if(entries[entry].numbers, [](const MeasuredNumber& number) {
      return number.judgement.name() == "speed";
    });
  }
  RETURN_IF_ERROR(CheckPhasesHaveTheSameSeeds(entries));
  return entries;
}

}  // namespace tritlab
