// Runs an experiment with one seed: data, network, phases one after the other,
// report.
#ifndef TRITLAB_EXPERIMENTS_RUNNER_H_
#define TRITLAB_EXPERIMENTS_RUNNER_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "experiments/spec.pb.h"
#include "kernels/tensor.h"
#include "reports/report.pb.h"
#include "training/communicator.h"

namespace tritlab {

struct RunOptions {
  std::string data_root = {};
  std::string folder = {};  // the run's
  uint32_t seed = 1;
  bool resume = false;
  double checkpoint_seconds = 60;
  bool strict = false;  // OpenOptions::strict
  // A folder of phases that others have trained (shared_phases.h): one that is
  // there, and has not begun in the run's own folder, is taken from there.
  std::string shared_phases = {};
  // Asked before every training step and every batch of an evaluation; true
  // writes a checkpoint and ends the run with Cancelled.
  std::function<bool()> stop_requested = {};
  // Told when that begins to be asked (false) and when it ends (true). Outside
  // of training, as at the beginning, the run may be ended at any instruction:
  // what it has done is in its folder, and what it was doing is done again.
  std::function<void(bool at_once)> on_stoppable = {};
  // Trains together with these ranks, which run the same experiment; nullptr:
  // alone. Rank 0 alone reads and writes the run's folder. Not owned.
  Communicator* ranks = nullptr;
};

// What a run of the spec stores activations and their gradients as, on this
// machine.
DataType DataTypeOf(const ExperimentSpec& spec);

// What the run found; the same is then in the folder, as report.json, report.md
// and report.html. A phase whose checkpoint says that it is finished is not run
// again, and a run that is over keeps its report and its packed model. `spec`
// must be valid; its seeds are not looked at. With several ranks, what was
// found is known to rank 0; an error of one is returned on all.
absl::StatusOr<Report> RunExperiment(const ExperimentSpec& spec,
                                     const RunOptions& options);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_RUNNER_H_
