// The checkpoint that work goes on from, and the one before it: of the two
// files PATH and PATH.previous one can be read at any moment, whether the
// program is killed, the disk is full or the power goes.
#ifndef TRITLAB_MODELS_NEWEST_CHECKPOINT_H_
#define TRITLAB_MODELS_NEWEST_CHECKPOINT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "models/checkpoint.h"
#include "models/graph.pb.h"

namespace tritlab {

// Puts the checkpoint at `path`; the one that was there goes to
// `path`.previous once the new one is on the disk. Aborted, naming the tensor,
// when a value is no finite number: nothing could go on from that, so those on
// the disk stay as they are.
absl::Status WriteNewestCheckpoint(const Checkpoint& checkpoint,
                                   const std::string& path);

// The checkpoint at `path`, or, with a warning on stderr, the one before it
// when that one cannot be read; it is then renamed to `path`.damaged. NotFound
// when there is neither.
absl::StatusOr<Checkpoint> ReadNewestCheckpoint(const std::string& path,
                                                const Graph& graph);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_NEWEST_CHECKPOINT_H_
