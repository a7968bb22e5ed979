// A trained network without its redundant filters (models/remove_filters.h),
// with all that its quantizers know.
#ifndef TRITLAB_EXPERIMENTS_FILTERS_SMALLER_NETWORK_H_
#define TRITLAB_EXPERIMENTS_FILTERS_SMALLER_NETWORK_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "models/graph.pb.h"
#include "models/remove_filters.h"
#include "training/phase.pb.h"
#include "training/trained_network.h"

namespace tritlab {

struct SmallerTrainedNetwork {
  Graph graph;
  std::vector<RemovedFilter> removed;
  // Computes with the values that the larger network computed with. Its
  // quantizers give these, and their codes, whatever the latent weights are:
  // it is not for training.
  std::unique_ptr<TrainedNetwork> carried;
  // The same latent weights under the phase's policy, with what its quantizers
  // had learned and frozen: what training goes on from. It computes with other
  // values where a method's threshold or scale follows a layer as a whole.
  std::unique_ptr<TrainedNetwork> requantized;

  // How many weights differ between the two.
  int64_t requantized_weights() const;
};

// `network` is as `phase` trained it with that seed, its computed weights those
// of its latent ones. Constants are folded only where no activations are
// quantized: they are computed in full precision.
absl::StatusOr<SmallerTrainedNetwork> RemoveFilters(
    const TrainedNetwork& network, const PhaseSpec& phase, uint32_t seed);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_FILTERS_SMALLER_NETWORK_H_
