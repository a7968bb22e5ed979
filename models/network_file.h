// A network that somebody has trained elsewhere, as a spec's model: its graph
// and its weights from a checkpoint, such as //onnx:import writes.
#ifndef TRITLAB_MODELS_NETWORK_FILE_H_
#define TRITLAB_MODELS_NETWORK_FILE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "models/checkpoint.h"
#include "models/graph.pb.h"
#include "models/model.pb.h"

namespace tritlab {

// The file's graph for images of this size, and with as many outputs of its
// last linear layer as there are classes; without training heads, whose layers
// fit one size of images only. InvalidArgument when images have
// another number of channels, or the network ends in something else and has
// another number of classes.
absl::StatusOr<Graph> BuildFromFile(const NetworkFileSpec& spec,
                                    const InputOperator& image,
                                    int64_t classes);

// CRC-32C of the file.
absl::StatusOr<uint32_t> NetworkFileChecksum(const NetworkFileSpec& spec);

// What training `graph`, of BuildFromFile, begins with: the file's values, but
// for the last linear layer where its classes are others; these are drawn from
// the seed. InvalidArgument, naming the tensor, when a value is missing or
// another layer differs in size, as linear layers do with images of another
// size.
absl::StatusOr<Checkpoint> WeightsFromFile(const NetworkFileSpec& spec,
                                           const Graph& graph, uint64_t seed);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_NETWORK_FILE_H_
