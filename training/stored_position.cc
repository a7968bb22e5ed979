#include "training/stored_position.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tritlab {

absl::StatusOr<TrainingPosition> ParseStoredPosition(const std::string& bytes,
                                                     const PhaseExtent& extent,
                                                     const std::string& file) {
  TrainingPosition position;
  if (!position.ParseFromString(bytes) || position.phase() != extent.phase) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": the checkpoint is not one of phase ",
                     extent.phase, "; remove it and begin the phase anew"));
  }
  if (position.data_checksum() != extent.data_checksum) {
    return absl::FailedPreconditionError(absl::StrCat(
        file, ": the training images have changed since (checksum ",
        extent.data_checksum, ", was ", position.data_checksum(),
        "); give the data that the run began with, or begin a new run"));
  }
  const uint64_t epochs = position.epochs_size();
  const uint64_t before_epoch = epochs * extent.steps_per_epoch;
  if (position.step() > extent.steps || position.step() < before_epoch ||
      position.step() - before_epoch > extent.steps_per_epoch ||
      position.finished() != (before_epoch == extent.steps) ||
      position.images() !=
          (position.step() - before_epoch) * extent.batch_size ||
      position.skipped_images() > position.images() ||
      position.skipped_steps() > position.step() ||
      position.skipped_in_stage() > position.skipped_steps()) {
    return absl::DataLossError(absl::StrCat(
        file, ": it says that training stands where it cannot: step ",
        position.step(), " of ", extent.steps,
        "; remove it and begin the phase anew"));
  }
  return position;
}

}  // namespace tritlab
