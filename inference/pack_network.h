// From a trained network to a packed one.
#ifndef TRITLAB_INFERENCE_PACK_NETWORK_H_
#define TRITLAB_INFERENCE_PACK_NETWORK_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "inference/packed_model.h"
#include "models/graph.pb.h"
#include "quant/quantizer.h"

namespace tritlab {

struct NetworkToPack {
  Graph graph;
  // By the names of models/parameters.h; the weights of layers that are not
  // quantized are here, those of the others are in `codes`.
  std::map<std::string, std::vector<float>> values;
  std::map<std::string, CodedWeights> codes;
};

// A model without training heads, and without normalization, classes and
// origin, which the caller sets. InvalidArgument, naming the tensor, when one
// that the graph needs is missing.
absl::StatusOr<PackedModel> PackNetwork(const NetworkToPack& network,
                                        TernaryPacking packing);

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_PACK_NETWORK_H_
