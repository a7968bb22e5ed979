#include "training/operator.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/batch_normalization.h"
#include "kernels/concat.h"
#include "kernels/convolution.h"
#include "kernels/dropout.h"
#include "kernels/elementwise.h"
#include "kernels/linear.h"
#include "kernels/local_response_normalization.h"
#include "kernels/pooling.h"
#include "models/shape_inference.h"
#include "training/running_statistics.h"

namespace tritlab {
namespace {

// Convolutions and linear layers: their kernels are called alike.
template <typename Kernel>
class WeightedOperator : public Operator {
 public:
  WeightedOperator(std::unique_ptr<Kernel> kernel, const NodeValues& values)
      : kernel_(std::move(kernel)), values_(values) {}

  void LoadWeights() override {
    kernel_->SetWeights(values_.weights, values_.bias);
  }
  void Forward(const ForwardTensors& tensors) override {
    kernel_->Forward(tensors.inputs[0], tensors.output);
  }
  void BackwardWeights(const BackwardTensors& tensors) override {
    kernel_->BackwardWeights(tensors.inputs[0], tensors.grad_outputs[0],
                             values_.grad_weights, values_.grad_bias);
  }
  void Backward(const BackwardTensors& tensors) override {
    if (tensors.grad_input != nullptr)
      kernel_->BackwardInput(tensors.grad_outputs[0], tensors.grad_input);
  }

 private:
  const std::unique_ptr<Kernel> kernel_;
  const NodeValues values_;
};

class BatchNormalizationStep : public Operator {
 public:
  BatchNormalizationStep(std::unique_ptr<BatchNormalization> kernel,
                         const BatchNormalizationShape& shape, int ranks,
                         const NodeValues& values, bool training)
      : kernel_(std::move(kernel)),
        values_(values),
        add_(shape.add),
        training_(training),
        batch_mean_(shape.input.channels),
        batch_variance_(shape.input.channels),
        pixels_(static_cast<double>(ranks) *
                static_cast<double>(shape.input.size()) /
                static_cast<double>(shape.input.channels)) {}

  void Forward(const ForwardTensors& tensors) override {
    const void* const addend = add_ ? tensors.inputs[1] : nullptr;
    if (!training_) {
      kernel_->ForwardInference(tensors.inputs[0], addend, values_.scale,
                                values_.shift, values_.mean, values_.variance,
                                tensors.output);
      return;
    }
    kernel_->ForwardTraining(tensors.inputs[0], addend, values_.scale,
                             values_.shift, tensors.output, batch_mean_,
                             batch_variance_);
    UpdateRunningStatistics(batch_mean_, batch_variance_, pixels_, values_.mean,
                            values_.variance);
  }
  void Backward(const BackwardTensors& tensors) override {
    kernel_->Backward(
        tensors.inputs[0], tensors.output,
        {.output = tensors.grad_outputs[0],
         .output_2 = tensors.grad_outputs[1],
         .input = add_ ? tensors.grad_inputs[0] : tensors.grad_input,
         .addend = add_ ? tensors.grad_inputs[1] : nullptr},
        values_.scale, values_.grad_scale, values_.grad_shift);
  }
  bool sums_gradients() const override { return add_; }
  bool needs_output() const override { return true; }
  bool needs_grad_input() const override { return true; }
  bool in_place_backward() const override { return true; }
  bool separates_gradients() const override { return add_; }

 private:
  const std::unique_ptr<BatchNormalization> kernel_;
  const NodeValues values_;
  const bool add_, training_;
  std::vector<float> batch_mean_, batch_variance_;
  const double pixels_;  // that the statistics are of, on all ranks
};

class ReluStep : public Operator {
 public:
  ReluStep(DataType type, int64_t count) : type_(type), count_(count) {}

  void Forward(const ForwardTensors& tensors) override {
    ReluForward(type_, count_, tensors.inputs[0], tensors.output);
  }
  void Backward(const BackwardTensors& tensors) override {
    ReluBackward(type_, count_, tensors.output, tensors.grad_outputs[0],
                 tensors.grad_input);
  }
  bool in_place_forward() const override { return true; }
  bool needs_output() const override { return true; }
  bool in_place_backward() const override { return true; }

 private:
  const DataType type_;
  const int64_t count_;
};

class AddStep : public Operator {
 public:
  AddStep(DataType type, int64_t count, bool relu)
      : type_(type), count_(count), relu_(relu) {}

  void Forward(const ForwardTensors& tensors) override {
    AddForward(type_, count_, tensors.inputs[0], tensors.inputs[1], relu_,
               tensors.output);
  }
  void Backward(const BackwardTensors& tensors) override {
    AddReluBackward(type_, count_, tensors.output, tensors.grad_outputs[0],
                    tensors.grad_outputs[1], tensors.grad_input);
  }
  bool sums_gradients() const override { return relu_; }
  bool needs_output() const override { return true; }
  bool in_place_backward() const override { return true; }
  bool passes_gradient() const override { return !relu_; }

 private:
  const DataType type_;
  const int64_t count_;
  const bool relu_;
};

class PoolingStep : public Operator {
 public:
  explicit PoolingStep(std::unique_ptr<Pooling> kernel)
      : kernel_(std::move(kernel)) {}

  void Forward(const ForwardTensors& tensors) override {
    kernel_->Forward(tensors.inputs[0], tensors.output);
  }
  void Backward(const BackwardTensors& tensors) override {
    kernel_->Backward(tensors.grad_outputs[0], tensors.grad_input);
  }

 private:
  const std::unique_ptr<Pooling> kernel_;
};

class ChannelPadStep : public Operator {
 public:
  ChannelPadStep(DataType type, const Shape& input, int64_t before,
                 const Shape& output)
      : type_(type),
        pixels_(input.batch * input.height * input.width),
        in_channels_(input.channels),
        before_(before),
        out_channels_(output.channels) {}

  void Forward(const ForwardTensors& tensors) override {
    ChannelPadForward(type_, pixels_, in_channels_, before_, out_channels_,
                      tensors.inputs[0], tensors.output);
  }
  void Backward(const BackwardTensors& tensors) override {
    ChannelPadBackward(type_, pixels_, in_channels_, before_, out_channels_,
                       tensors.grad_outputs[0], tensors.grad_input);
  }

 private:
  const DataType type_;
  const int64_t pixels_, in_channels_, before_, out_channels_;
};

class ConcatStep : public Operator {
 public:
  ConcatStep(DataType type, const std::vector<Shape>& inputs)
      : type_(type),
        pixels_(inputs[0].batch * inputs[0].height * inputs[0].width) {
    for (const Shape& input : inputs) channels_.push_back(input.channels);
  }

  void Forward(const ForwardTensors& tensors) override {
    ConcatForward(type_, pixels_, channels_, tensors.inputs, tensors.output);
  }
  void Backward(const BackwardTensors& tensors) override {
    ConcatBackward(type_, pixels_, channels_, tensors.grad_outputs[0],
                   tensors.grad_inputs);
  }
  bool separates_gradients() const override { return true; }

 private:
  const DataType type_;
  const int64_t pixels_;
  std::vector<int64_t> channels_;
};

class LocalResponseNormalizationStep : public Operator {
 public:
  explicit LocalResponseNormalizationStep(
      std::unique_ptr<LocalResponseNormalization> kernel)
      : kernel_(std::move(kernel)) {}

  void Forward(const ForwardTensors& tensors) override {
    kernel_->Forward(tensors.inputs[0], tensors.output);
  }
  void Backward(const BackwardTensors& tensors) override {
    kernel_->Backward(tensors.inputs[0], tensors.grad_outputs[0],
                      tensors.grad_input);
  }

 private:
  const std::unique_ptr<LocalResponseNormalization> kernel_;
};

class DropoutStep : public Operator {
 public:
  // noise: nullptr in evaluation.
  DropoutStep(DataType type, int64_t count, float rate,
              const RandomStream* noise)
      : type_(type), count_(count), rate_(rate), noise_(noise) {}

  void Forward(const ForwardTensors& tensors) override {
    if (noise_ == nullptr) {
      std::memcpy(tensors.output, tensors.inputs[0], count_ * SizeOf(type_));
      return;
    }
    Dropout(type_, count_, rate_, *noise_, tensors.inputs[0], tensors.output);
  }
  void Backward(const BackwardTensors& tensors) override {
    Dropout(type_, count_, rate_, *noise_, tensors.grad_outputs[0],
            tensors.grad_input);
  }
  bool in_place_backward() const override { return true; }

 private:
  const DataType type_;
  const int64_t count_;
  const float rate_;
  const RandomStream* const noise_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Operator>> MakeOperator(
    const Node& node, const std::vector<Shape>& inputs, const Shape& output,
    const NodeValues& values, const OperatorOptions& options) {
  const DataType type = options.type;
  switch (node.operator_case()) {
    case Node::kConvolution: {
      ASSIGN_OR_RETURN(
          auto kernel,
          Convolution::Create(ShapeOf(node.convolution(), inputs[0]), type,
                              {.training = options.training,
                               .input_gradient = options.input_gradient}));
      return std::make_unique<WeightedOperator<Convolution>>(std::move(kernel),
                                                             values);
    }
    case Node::kLinear: {
      ASSIGN_OR_RETURN(auto kernel,
                       Linear::Create(ShapeOf(node.linear(), inputs[0]), type,
                                      options.training));
      return std::make_unique<WeightedOperator<Linear>>(std::move(kernel),
                                                        values);
    }
    case Node::kBatchNormalization: {
      BatchNormalizationShape shape =
          ShapeOf(node.batch_normalization(), inputs[0]);
      shape.relu = options.relu;
      shape.add = options.add;
      BatchShares shares;
      if (Communicator* const ranks = options.synchronized; ranks != nullptr) {
        shares = {ranks->size(), [ranks](std::span<double> sums) {
                    ranks->AllReduceSum(sums);
                  }};
      }
      ASSIGN_OR_RETURN(auto kernel, BatchNormalization::Create(
                                        shape, type, options.training, shares));
      return std::make_unique<BatchNormalizationStep>(
          std::move(kernel), shape, shares.count, values, options.training);
    }
    case Node::kRelu:
      return std::make_unique<ReluStep>(type, output.size());
    case Node::kAdd:
      return std::make_unique<AddStep>(type, output.size(), options.relu);
    case Node::kPooling: {
      ASSIGN_OR_RETURN(auto kernel,
                       Pooling::Create(ShapeOf(node.pooling(), inputs[0]), type,
                                       options.training));
      return std::make_unique<PoolingStep>(std::move(kernel));
    }
    case Node::kChannelPad:
      return std::make_unique<ChannelPadStep>(
          type, inputs[0], node.channel_pad().before(), output);
    case Node::kConcat:
      return std::make_unique<ConcatStep>(type, inputs);
    case Node::kLocalResponseNormalization: {
      ASSIGN_OR_RETURN(
          auto kernel,
          LocalResponseNormalization::Create(
              ShapeOf(node.local_response_normalization(), inputs[0]), type,
              options.training));
      return std::make_unique<LocalResponseNormalizationStep>(
          std::move(kernel));
    }
    case Node::kDropout:
      if (options.training && values.noise == nullptr) {
        return absl::InvalidArgumentError(absl::StrCat(
            "node \"", node.name(), "\" has no random numbers to drop by"));
      }
      return std::make_unique<DropoutStep>(
          type, output.size(), node.dropout().rate(),
          options.training ? values.noise : nullptr);
    case Node::kInput:
    case Node::OPERATOR_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "node \"", node.name(), "\" has no operator that is executed"));
}

}  // namespace tritlab
