// SGD with momentum and Nesterov, and Adam; phase.proto has the equations.
#ifndef TRITLAB_TRAINING_OPTIMIZER_H_
#define TRITLAB_TRAINING_OPTIMIZER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "training/phase.pb.h"

namespace tritlab {

// InvalidArgument, naming the field, when a setting is impossible.
absl::Status ValidateOptimizer(const OptimizerSpec& spec);

// What the optimizer remembers of one tensor: SGD its velocity, Adam two
// moments.
using OptimizerState = std::vector<std::vector<float>>;

// Zeros for a tensor of that many elements: one vector of them for SGD, two for
// Adam (the first moment, then the second). `spec` is a valid one.
OptimizerState InitialOptimizerState(const OptimizerSpec& spec,
                                     int64_t elements);

// One step of one tensor. `step` counts from 1 (Adam's bias correction);
// `decay` says whether weight decay applies. Values at which `frozen` is not 0
// stay as they are; where it is empty, none do.
void UpdateTensor(const OptimizerSpec& spec, double learning_rate, int64_t step,
                  bool decay, std::span<const float> gradient,
                  std::span<const float> frozen, std::span<float> values,
                  OptimizerState& state);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_OPTIMIZER_H_
