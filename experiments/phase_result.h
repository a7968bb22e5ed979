// From what training knows at the end of a phase to the report's entry.
#ifndef TRITLAB_EXPERIMENTS_PHASE_RESULT_H_
#define TRITLAB_EXPERIMENTS_PHASE_RESULT_H_

#include "absl/status/statusor.h"
#include "reports/report.pb.h"
#include "training/phase.pb.h"
#include "training/position.pb.h"
#include "training/trained_network.h"

namespace tritlab {

// The network's computed weights must be those of its latent ones
// (TrainedNetwork::Quantize). Bytes are counted from weights that were packed
// for it.
absl::StatusOr<PhaseResult> MakePhaseResult(const PhaseSpec& phase,
                                            const TrainingPosition& position,
                                            const TrainedNetwork& network);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_PHASE_RESULT_H_
