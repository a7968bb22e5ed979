// Top-1 and loss of a network on a dataset.
#ifndef TRITLAB_TRAINING_EVALUATION_H_
#define TRITLAB_TRAINING_EVALUATION_H_

#include <functional>

#include "absl/status/statusor.h"
#include "datasets/loader.h"
#include "training/activation_counter.h"
#include "training/communicator.h"
#include "training/program.h"

namespace tritlab {

struct Evaluation {
  double top1 = 0;  // percent
  double loss = 0;  // mean cross-entropy, without label smoothing
};

// Takes over the weights that the program's values show now, and runs it on one
// epoch of `images`, whose batches have the program's size. The program is one
// of inference. Several views of an image (Loader::views) are judged by the
// mean of their class probabilities. With a counter, it counts the activations
// of a part of the images. Cancelled when `stop_requested`, which is asked
// before every batch, says so. Collective: each rank's loader has its share of
// every batch; all ranks return the same, of all images, and an error of one is
// an error of all; with counters on all ranks or on none.
absl::StatusOr<Evaluation> Evaluate(
    Program& program, Loader& images, ActivationCounter* counter = nullptr,
    const std::function<bool()>& stop_requested = {},
    Communicator& ranks = SingleRank());

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_EVALUATION_H_
