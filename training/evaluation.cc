#include "training/evaluation.h"

#include "base/status_macros.h"
#include "kernels/softmax_cross_entropy.h"

namespace tritlab {

absl::StatusOr<Evaluation> Evaluate(Program& program, Loader& images) {
  program.LoadWeights();
  images.Start(/*epoch=*/0, /*first_batch=*/0);
  double loss_sum = 0;
  int64_t correct = 0, count = 0;
  for (int64_t i = 0; i < images.batches_per_epoch(); ++i) {
    ASSIGN_OR_RETURN(const Batch* batch, images.Next());
    const void* const logits = program.Forward(batch->images.data());
    const LossResult result = SoftmaxCrossEntropy(
        program.type(), program.classes(), logits, batch->labels, batch->count,
        /*label_smoothing=*/0, /*grad_logits=*/nullptr);
    loss_sum += result.loss_sum;
    correct += result.correct;
    count += batch->count;
  }
  return Evaluation{.top1 = 100.0 * correct / count, .loss = loss_sum / count};
}

}  // namespace tritlab
