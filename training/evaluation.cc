#include "training/evaluation.h"

#include "base/status_macros.h"
#include "kernels/softmax_cross_entropy.h"
#include "training/view_average.h"

namespace tritlab {

absl::StatusOr<Evaluation> Evaluate(Program& program, Loader& images,
                                    ActivationCounter* counter) {
  program.LoadWeights();
  images.Start(/*epoch=*/0, /*first_batch=*/0);
  double loss_sum = 0;
  int64_t correct = 0, count = 0;
  ViewAverage views(program.classes());
  for (int64_t i = 0; i < images.batches_per_epoch(); ++i) {
    ASSIGN_OR_RETURN(const Batch* batch, images.Next());
    // A batch that is not full has only so many images of the dataset.
    const int64_t counted =
        counter == nullptr ? 0 : counter->Room(batch->count);
    const void* const logits =
        counted > 0 ? counter->Forward(program, batch->images.data(), counted)
                    : program.Forward(batch->images.data());
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
    loss_sum += result.loss_sum;
    correct += result.correct;
    count += batch->count;
  }
  return Evaluation{.top1 = 100.0 * correct / count, .loss = loss_sum / count};
}

}  // namespace tritlab
