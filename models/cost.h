// Counts that follow from a graph alone.
#ifndef TRITLAB_MODELS_COST_H_
#define TRITLAB_MODELS_COST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/graph.pb.h"

namespace tritlab {

// What one image asks of a convolution or linear layer.
struct LayerWork {
  std::string name;
  int64_t weights = 0;
  int64_t multiply_adds = 0;  // padding counted as computed
  int64_t inputs = 0;         // activation values that it reads
  int64_t outputs = 0;        // and writes
};

// Of all convolutions and linear layers, in the graph's order; InferShapes'
// errors, and InvalidArgument for a layer of more than 2^50 multiply-adds.
absl::StatusOr<std::vector<LayerWork>> WorkOf(const Graph& graph);

// What a whole network has and does, for one image.
struct Cost {
  int64_t parameters = 0;     // trained values: weights, biases, batch
                              // normalization's scales and shifts
  int64_t multiply_adds = 0;  // of all layers' work
};

// WorkOf's layers added up, and with them what has parameters and no
// multiply-adds of its own; WorkOf's errors.
absl::StatusOr<Cost> CountCost(const Graph& graph);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_COST_H_
