// Phases that several runs have in common: trained once, in a run of their own,
// and copied from there.
//
// A folder of shared phases holds the folder of one such run for each key:
// KEY/spec.textproto, KEY/checkpoints/PHASE.ckpt. A key stands for all that a
// phase's weights depend on: network, images, data type, seed, and the phases
// from the first one down to it. What an experiment is called, and what it does
// afterwards, is not part of it. Images and a network file are in it by name;
// CopySharedPhase compares what they hold.
#ifndef TRITLAB_EXPERIMENTS_SHARED_PHASES_H_
#define TRITLAB_EXPERIMENTS_SHARED_PHASES_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "experiments/spec.pb.h"
#include "kernels/tensor.h"
#include "models/graph.pb.h"
#include "reports/report.pb.h"

namespace tritlab {

// The experiment that trains `phase` of `spec` and the phases that it starts
// from, with one seed and the data type that its runs compute in, and nothing
// else. The same for all experiments that have the phase in common; named after
// it. `spec` must be valid and have the phase.
ExperimentSpec SharedPhaseSpec(const ExperimentSpec& spec,
                               const std::string& phase, uint32_t seed,
                               DataType type);

// "full_precision-0f1e2d3c4b5a6978": the phase's name and a hash of
// SharedPhaseSpec.
std::string PhaseKey(const ExperimentSpec& spec, const std::string& phase,
                     uint32_t seed, DataType type);

// Where the images and the network of a run have to agree with the shared one.
struct SharedPhaseRequest {
  const ExperimentSpec& spec;
  std::string phase;
  uint32_t seed = 1;
  DataType type = DataType::kF32;
  const Graph& graph;
  // Provenance's, of this run.
  std::string data_checksum = {};  // of training and test images
  std::string network_checksum = {};
};

// Copies the phase's checkpoint from the folder of shared phases into the
// folder of a run, whole or not at all, and before it what that was begun with
// (TrainedByIn). False when there is none there, or
// training has not finished it. FailedPrecondition, naming the file, when the
// key's folder holds another experiment, or one on other images or with another
// network file; DataLoss or
// InvalidArgument when the checkpoint cannot be read.
absl::StatusOr<bool> CopySharedPhase(const std::string& shared_phases,
                                     const SharedPhaseRequest& request,
                                     const std::string& run_folder);

// What differs, of the things that bits depend on, between where a phase was
// trained and this run; empty when nothing does. The threads of a phase are not
// among them: a sweep trains what it shares with more of them.
std::string DifferenceOf(const Provenance& trained_by,
                         const Provenance& this_run);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_SHARED_PHASES_H_
