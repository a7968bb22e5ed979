// Counts that follow from a graph alone.
#ifndef TRITLAB_MODELS_COST_H_
#define TRITLAB_MODELS_COST_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "models/graph.pb.h"

namespace tritlab {

struct Cost {
  int64_t parameters = 0;     // trained values: weights, biases, batch
                              // normalization's scales and shifts
  int64_t multiply_adds = 0;  // of convolutions and linear layers, for one
                              // image, padding counted as computed
};

absl::StatusOr<Cost> CountCost(const Graph& graph);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_COST_H_
