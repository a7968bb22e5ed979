// The position inside a checkpoint: bytes from outside, until they have been
// looked at.
#ifndef TRITLAB_TRAINING_STORED_POSITION_H_
#define TRITLAB_TRAINING_STORED_POSITION_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "training/position.pb.h"

namespace tritlab {

// Where a phase can stand.
struct PhaseExtent {
  std::string phase;
  std::string data_checksum;  // as TrainingPosition has it
  uint64_t steps = 0;         // of the whole phase
  uint64_t steps_per_epoch = 0;
  uint64_t batch_size = 0;
};

// The position that `bytes` say, one that a training of that extent writes;
// what it keeps of layers is left for whoever knows these. Errors begin with
// `file`. InvalidArgument: of another phase, or no position at all.
// FailedPrecondition: of other images. DataLoss: training cannot stand there.
absl::StatusOr<TrainingPosition> ParseStoredPosition(const std::string& bytes,
                                                     const PhaseExtent& extent,
                                                     const std::string& file);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_STORED_POSITION_H_
