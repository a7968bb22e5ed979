// The integer program held against plain loops on real images.
#ifndef TRITLAB_INFERENCE_EMULATION_H_
#define TRITLAB_INFERENCE_EMULATION_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "datasets/dataset.h"
#include "inference/packed_model.h"

namespace tritlab {

struct Emulation {
  int64_t images = 0;
  double top1 = 0;  // of the plain loops, in percent
  // Images for which the program's logits are not the same, bit for bit: 0, or
  // a kernel is wrong.
  int64_t differences = 0;
};

// How many images plain loops take in some seconds: at most 1,000.
absl::StatusOr<int64_t> ImagesToEmulate(const PackedModel& model);

// Runs both on `count` images, spread evenly over all of them, or on all if
// there are not as many, without those that the dataset leaves out
// (Dataset::LeaveOut). InvalidArgument when there are none or they are not the
// model's; otherwise as IntegerProgram::Create says.
absl::StatusOr<Emulation> Emulate(const PackedModel& model,
                                  const Dataset& images, int64_t count);

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_EMULATION_H_
