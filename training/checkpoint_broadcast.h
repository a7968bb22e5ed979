// Checkpoints that rank 0 alone reads: the others need not see its folder.
#ifndef TRITLAB_TRAINING_CHECKPOINT_BROADCAST_H_
#define TRITLAB_TRAINING_CHECKPOINT_BROADCAST_H_

#include <optional>

#include "absl/status/statusor.h"
#include "models/checkpoint.h"
#include "training/communicator.h"

namespace tritlab {

// On every rank, what rank 0 has: a checkpoint, none, or an error. Collective;
// what the others give is not looked at. They do not receive the graph: it is
// that of the network that they train.
absl::StatusOr<std::optional<Checkpoint>> BroadcastCheckpoint(
    Communicator& ranks, absl::StatusOr<std::optional<Checkpoint>> of_first);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_CHECKPOINT_BROADCAST_H_
