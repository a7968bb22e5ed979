// What several runs found, one entry a trained network: a phase of a run, over
// the seeds that it was run with.
#ifndef TRITLAB_REPORTS_RUNS_RUN_RESULTS_H_
#define TRITLAB_REPORTS_RUNS_RUN_RESULTS_H_

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reports/runs/find_runs.h"

namespace tritlab {

// Of one process and arithmetic (EnergyResult).
struct EnergyKey {
  std::string process;
  std::string arithmetic;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes it for a 0.
  auto operator<=>(const EnergyKey&) const = default;
};

// Numbers are means over the seeds.
struct RunResult {
  // The run's folder; of a point of a sweep, what it takes: "SWEEP: bits=5".
  std::string run;
  std::string phase;
  // The quantizers of its layers, in full precision ones left out: "ttq",
  // "inq + prune"; "full_precision" where there is no other.
  std::string method;
  std::string network;
  std::string dataset;
  std::string data_type;  // of activations in training: "bf16"
  std::string data;       // the checksum of the images: which may be compared
  bool in_sweep = false;
  std::string sweep;
  std::vector<AxisValue> axes;
  // The phase that the run ends with; the others are on the way to it.
  bool last = false;
  int phases = 0;  // of the run, finished by now in any seed
  // How many more runs have the very same phase: a start in common.
  int others = 0;

  int seeds = 0;
  double top1 = 0;                       // percent
  std::optional<double> top1_deviation;  // of the sample; from two seeds on
  std::string start;                     // the phase that it starts from
  std::optional<double> start_top1;
  std::optional<double> paper_top1;
  double weight_sparsity = 0;
  double weight_bytes = 0;
  double dense_bytes = 0;  // at 4 bytes a weight; 0 where it is not known
  double epochs = 0;
  double train_multiply_adds = 0;
  double seconds = 0;
  // Picojoules of one image, memory included, zero weights skipped; of the
  // seeds that have an estimate.
  std::map<EnergyKey, double> energy_pj;
};

// In the order of the runs, and of the phases within a run. A phase that a run
// is not about (it is not its last one, or its only one) and all of whose seeds
// have been seen before, down to the accuracy and loss of each epoch, only
// counts in `others` of the first; not even there if it is all of its run, as
// the phases are that a sweep's points have in common.
std::vector<RunResult> ResultsOf(const std::vector<FoundRun>& runs);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUNS_RUN_RESULTS_H_
