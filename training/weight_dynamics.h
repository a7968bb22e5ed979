// How quantized weights move between their sets (quant/weight_sets.h) in
// training, looked at once an epoch.
#ifndef TRITLAB_TRAINING_WEIGHT_DYNAMICS_H_
#define TRITLAB_TRAINING_WEIGHT_DYNAMICS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "training/position.pb.h"
#include "training/trained_network.h"

namespace tritlab {

// After a training step, of the layers with learned scales, by name: the
// gradients that its backward pass left. The sets are those that the step
// computed with, so the network must not have quantized since.
std::map<std::string, SetGradients> GradientsBySet(
    const TrainedNetwork& network);

// The sets of every layer whose weights have codes, and what has changed since
// position.weight_sets, which then holds those of now. Gradients are left to
// the caller. DataLoss when position.weight_sets are none of this network's.
absl::StatusOr<std::vector<WeightSets>> UpdateWeightSets(
    const TrainedNetwork& network, TrainingPosition& position);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_WEIGHT_DYNAMICS_H_
