// A phase of a run that has been trained to its end, read again from the run's
// folder.
#ifndef TRITLAB_EXPERIMENTS_FINISHED_PHASE_H_
#define TRITLAB_EXPERIMENTS_FINISHED_PHASE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "experiments/experiment_inputs.h"
#include "experiments/spec.pb.h"
#include "kernels/tensor.h"
#include "training/phase.pb.h"
#include "training/position.pb.h"
#include "training/trained_network.h"

namespace tritlab {

struct FinishedPhase {
  ExperimentSpec spec;  // of the run: one seed
  PhaseSpec phase;
  ExperimentInputs inputs;
  DataType type = DataType::kF32;
  TrainingPosition position;                // its end
  std::unique_ptr<TrainedNetwork> network;  // as it left it, quantized
};

// phase: its name; empty for the last. Errors name --run, --phase or the file:
// InvalidArgument when there is no such run or phase, FailedPrecondition when
// it is not finished or was trained on other images than those below data_root.
absl::StatusOr<FinishedPhase> ReadFinishedPhase(const std::string& run,
                                                const std::string& phase,
                                                const std::string& data_root);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_FINISHED_PHASE_H_
