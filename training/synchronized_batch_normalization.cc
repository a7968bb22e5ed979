#include "training/synchronized_batch_normalization.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <vector>

#include "kernels/split_batch_normalization.h"
#include "training/running_statistics.h"

namespace tritlab {
namespace {

class SynchronizedBatchNormalization final : public Operator {
 public:
  SynchronizedBatchNormalization(const BatchNormalizationShape& shape,
                                 DataType type, const NodeValues& values,
                                 Communicator& ranks)
      : shape_(shape),
        type_(type),
        values_(values),
        ranks_(ranks),
        pixels_(static_cast<double>(ranks.size()) * shape.input.batch *
                shape.input.height * shape.input.width),
        sums_(2 * shape.input.channels),
        mean_(shape.input.channels),
        variance_(shape.input.channels) {
    assert(!shape.add);
  }

  void Forward(const ForwardTensors& tensors) override {
    BatchNormalizationSums(shape_, type_, tensors.inputs[0], sums_);
    ranks_.AllReduceSum(sums_);
    BatchNormalizationStatistics(sums_, pixels_, mean_, variance_);
    BatchNormalizationApply(shape_, type_, tensors.inputs[0], values_.scale,
                            values_.shift, mean_, variance_, tensors.output);
    UpdateRunningStatistics(mean_, variance_, pixels_, values_.mean,
                            values_.variance);
  }

  void Backward(const BackwardTensors& tensors) override {
    const void* const grad_output = tensors.grad_outputs[0];
    BatchNormalizationGradientSums(shape_, type_, tensors.inputs[0],
                                   tensors.output, grad_output, mean_,
                                   variance_, sums_);
    const auto second = sums_.begin() + shape_.input.channels;
    std::copy(sums_.begin(), second, values_.grad_shift.begin());
    std::copy(second, sums_.end(), values_.grad_scale.begin());
    ranks_.AllReduceSum(sums_);
    BatchNormalizationInputGradient(
        shape_, type_, tensors.inputs[0], tensors.output, grad_output,
        values_.scale, mean_, variance_, sums_, pixels_, tensors.grad_input);
  }
  bool needs_grad_input() const override { return true; }
  bool in_place_backward() const override { return true; }

 private:
  const BatchNormalizationShape shape_;
  const DataType type_;
  const NodeValues values_;
  Communicator& ranks_;
  const double pixels_;  // of all ranks' shares
  std::vector<double> sums_;
  // Of the batch; Forward keeps them for Backward.
  std::vector<float> mean_, variance_;
};

}  // namespace

std::unique_ptr<Operator> MakeSynchronizedBatchNormalization(
    const BatchNormalizationShape& shape, DataType type,
    const NodeValues& values, Communicator& ranks) {
  return std::make_unique<SynchronizedBatchNormalization>(shape, type, values,
                                                          ranks);
}

}  // namespace tritlab
