// The parts of a training step beside the program's operators
// (operator_run.h).
#ifndef TRITLAB_TRAINING_STEP_PART_H_
#define TRITLAB_TRAINING_STEP_PART_H_

#include <functional>

#include "absl/strings/string_view.h"

namespace tritlab {

struct StepPart {
  // "data_wait": for a batch that the loader has not finished yet;
  // "quantizer": computed weights from latent ones; "loss", with its gradient;
  // "quantizer_backward": the gradients of latent weights; "optimizer".
  absl::string_view name;
  double start_seconds = 0;  // of the monotonic clock
  double seconds = 0;
};

using StepPartObserver = std::function<void(const StepPart& part)>;

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_STEP_PART_H_
