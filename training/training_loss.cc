#include "training/training_loss.h"

#include <cstddef>

namespace tritlab {

TrainingLoss::TrainingLoss(Program& program) : program_(program) {
  const size_t bytes =
      program.batch() * program.classes() * SizeOf(program.type());
  grad_logits_ = Buffer(bytes);
  for (size_t h = 0; h < program.heads().size(); ++h)
    grad_heads_.emplace_back(bytes);
}

TrainingLoss::Result TrainingLoss::Compute(const void* logits,
                                           std::span<const int32_t> labels,
                                           int64_t count,
                                           float label_smoothing) {
  const auto loss_of = [&](const void* of, Buffer& gradient, float weight) {
    return SoftmaxCrossEntropy(program_.type(), program_.classes(), of, labels,
                               count, label_smoothing, gradient.data(), weight);
  };
  Result result;
  result.network = loss_of(logits, grad_logits_, 1);
  result.lowered_sum = result.network.loss_sum;
  for (size_t h = 0; h < grad_heads_.size(); ++h) {
    const Program::Head& head = program_.heads()[h];
    result.lowered_sum +=
        head.loss_weight *
        loss_of(head.logits, grad_heads_[h], head.loss_weight).loss_sum;
  }
  return result;
}

void TrainingLoss::Backward() {
  std::vector<const void*> grad_heads;
  for (const Buffer& gradient : grad_heads_)
    grad_heads.push_back(gradient.data());
  program_.Backward(grad_logits_.data(), grad_heads);
}

}  // namespace tritlab
