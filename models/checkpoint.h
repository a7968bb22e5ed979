// Checkpoints: named tensors of one network and where training stood, in a file
// that is written whole or not at all and checked when read (record framing
// with CRC32C, base/record_file.h).
#ifndef TRITLAB_MODELS_CHECKPOINT_H_
#define TRITLAB_MODELS_CHECKPOINT_H_

#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "models/graph.pb.h"

namespace tritlab {

struct Checkpoint {
  Graph graph;
  std::map<std::string, std::vector<float>> tensors;
  std::string position;  // opaque here
};

// With `previous`, a path in the same folder, what was at `path` is kept there.
absl::Status WriteCheckpoint(const Checkpoint& checkpoint,
                             const std::string& path,
                             const std::string& previous = {});

// DataLoss, naming the file, when it is damaged or truncated; InvalidArgument
// when it is no checkpoint, is of a newer format, or holds another network than
// `graph`. Sizes are checked against the file before memory is taken.
absl::StatusOr<Checkpoint> ReadCheckpoint(const std::string& path,
                                          const Graph& graph);
// The same, of whatever network it holds.
absl::StatusOr<Checkpoint> ReadCheckpoint(const std::string& path);
// That network alone, without its values.
absl::StatusOr<Graph> ReadCheckpointGraph(const std::string& path);

// Copies the tensor `name` into `values`. InvalidArgument when it is missing or
// of another size.
absl::Status CopyTensor(const Checkpoint& checkpoint, const std::string& name,
                        std::span<float> values);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_CHECKPOINT_H_
