#include "training/evaluation.h"

#include <array>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "kernels/softmax_cross_entropy.h"
#include "training/view_average.h"

namespace tritlab {
namespace {

// Over the images of one rank.
struct Sums {
  double loss = 0;
  int64_t correct = 0;
  int64_t count = 0;
};

absl::StatusOr<Sums> EvaluateShare(
    Program& program, Loader& images, ActivationCounter* counter,
    const std::function<bool()>& stop_requested) {
  program.LoadWeights();
  images.Start(/*epoch=*/0, /*first_batch=*/0);
  Sums sums;
  ViewAverage views(program.classes());
  for (int64_t i = 0; i < images.batches_per_epoch(); ++i) {
    if (stop_requested && stop_requested())
      return absl::CancelledError("stopped as asked to");
    ASSIGN_OR_RETURN(const Batch* batch, images.Next());
    if (batch->count == 0) continue;  // nothing for this rank
    const void* const logits =
        counter == nullptr
            ? program.Forward(batch->images.data())
            : counter->Forward(program, *batch, images.images_per_epoch());
    const void* judged = logits;
    DataType type = program.type();
    if (images.views() > 1) {
      views.Add(type, logits, batch->count);
      if (batch->view + 1 < images.views()) continue;
      judged = views.TakeLogits();
      type = DataType::kF32;
    }
    const LossResult result = SoftmaxCrossEntropy(
        type, program.classes(), judged, batch->labels, batch->count,
        /*label_smoothing=*/0, /*grad_logits=*/nullptr);
    sums.loss += result.loss_sum;
    sums.correct += result.correct;
    sums.count += batch->count;
  }
  return sums;
}

}  // namespace

absl::StatusOr<Evaluation> Evaluate(Program& program, Loader& images,
                                    ActivationCounter* counter,
                                    const std::function<bool()>& stop_requested,
                                    Communicator& ranks) {
  const absl::StatusOr<Sums> share =
      EvaluateShare(program, images, counter, stop_requested);
  RETURN_IF_ERROR(Agree(ranks, share.status()));
  if (counter != nullptr) counter->AddUp(ranks);
  std::array<double, 3> all = {share->loss, static_cast<double>(share->correct),
                               static_cast<double>(share->count)};
  ranks.AllReduceSum(std::span<double>(all));
  const auto [loss, correct, count] = all;
  if (count == 0)
    return absl::InvalidArgumentError("no image of the test set can be read");
  return Evaluation{.top1 = 100.0 * correct / count, .loss = loss / count};
}

}  // namespace tritlab
