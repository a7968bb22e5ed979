// What training lowers: the network's cross-entropy and, by their weights,
// those of its training heads (models/training_heads.h); where a backward pass
// begins.
#ifndef TRITLAB_TRAINING_TRAINING_LOSS_H_
#define TRITLAB_TRAINING_TRAINING_LOSS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/softmax_cross_entropy.h"
#include "kernels/tensor.h"
#include "training/program.h"

namespace tritlab {

class TrainingLoss {
 public:
  // `program`, compiled for training, must outlive this.
  explicit TrainingLoss(Program& program);

  struct Result {
    // Of the network's own classifier: what is reported, to compare with a test
    // loss, and with a training that has no heads.
    LossResult network;
    // Of what is lowered, weighted heads included; like the other a sum over
    // images.
    double lowered_sum = 0;
  };
  // Of the program's last Forward, which returned `logits`; labels, count and
  // label_smoothing as of SoftmaxCrossEntropy, for all classifiers alike.
  Result Compute(const void* logits, std::span<const int32_t> labels,
                 int64_t count, float label_smoothing);
  // The program's backward pass of what Compute saw last, divided by its count.
  void Backward();

 private:
  Program& program_;
  Buffer grad_logits_;
  std::vector<Buffer> grad_heads_;
};

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_TRAINING_LOSS_H_
