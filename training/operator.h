// One step of a compiled network: a node of the graph, or a few fused ones,
// over the kernel that computes it.
#ifndef TRITLAB_TRAINING_OPERATOR_H_
#define TRITLAB_TRAINING_OPERATOR_H_

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/random.h"
#include "kernels/tensor.h"
#include "models/graph.pb.h"
#include "quant/activation_quantizer.h"
#include "quant/dorefa_gradients.h"
#include "training/communicator.h"

namespace tritlab {

// What one node computes with and where its gradients go: views into memory
// that outlives the program. Spans that the node has no use for are empty, and
// so are the gradients of a program that is not trained.
struct NodeValues {
  std::span<const float>
      weights;  // the quantized ones where the layer is quantized
  std::span<const float> bias;
  std::span<const float> scale;
  std::span<const float> shift;
  std::span<float>
      mean;  // running statistics, updated by training's forward pass
  std::span<float> variance;
  std::span<float> grad_weights;
  std::span<float> grad_bias;
  std::span<float> grad_scale;
  std::span<float> grad_shift;
  // Convolutions and linear layers: what quantizes the activations that they
  // read, and the gradient that their output receives; nullptr for nothing.
  ActivationQuantizer* activations = nullptr;
  const DorefaGradients* gradients = nullptr;
  // Dropout in training: the random numbers of the current step.
  const RandomStream* noise = nullptr;
};

struct ForwardTensors {
  std::vector<const void*> inputs = {};
  void* output = nullptr;
};

struct BackwardTensors {
  std::vector<const void*> inputs = {};
  const void* output = nullptr;
  // The gradients that the output's consumers sent; their sum is meant. The
  // second is nullptr, save for operators that sum them on the way.
  std::array<const void*, 2> grad_outputs = {};
  // nullptr where nobody wants it, save for operators that need it.
  void* grad_input = nullptr;
  // Of operators that separate gradients, instead: one an input, nullptr where
  // nobody wants it, save for operators that need it.
  std::vector<void*> grad_inputs = {};
};

class Operator {
 public:
  virtual ~Operator() = default;

  // Takes over weights that have changed.
  virtual void LoadWeights() {}
  virtual void Forward(const ForwardTensors& tensors) = 0;
  // Before Backward: the gradients of weights and bias, of those that have
  // them.
  virtual void BackwardWeights(const BackwardTensors&) {}
  // Computes the input's gradient, and those of the node's other parameters.
  // Additions have one gradient for both inputs.
  virtual void Backward(const BackwardTensors& tensors) = 0;

  // Whether grad_outputs may hold two gradients.
  virtual bool sums_gradients() const { return false; }
  // Whether Backward writes grad_input (or all grad_inputs) even where nobody
  // wants it.
  virtual bool needs_grad_input() const { return false; }
  // Whether output may be inputs[0], which Backward does not read then.
  virtual bool in_place_forward() const { return false; }
  // Whether Backward reads output.
  virtual bool needs_output() const { return false; }
  // Whether grad_input may be grad_outputs[0]; of operators that separate
  // gradients, the last of grad_inputs.
  virtual bool in_place_backward() const { return false; }
  // Whether each input's gradient is just the output's (an addition without
  // ReLU): Backward is then never called.
  virtual bool passes_gradient() const { return false; }
  // Whether each input has a gradient of its own (a concatenation, an addition
  // behind batch normalization): Backward then writes grad_inputs.
  virtual bool separates_gradients() const { return false; }
};

struct OperatorOptions {
  DataType type = DataType::kF32;
  bool training = false;
  bool input_gradient = false;
  // The ReLU behind the node is part of it (batch normalization and additions
  // only).
  bool relu = false;
  // Batch normalization with relu: so is the addition in between, of the second
  // input.
  bool add = false;
  // Batch normalization in training: takes the statistics of all these ranks'
  // batches; nullptr: of its own. Not owned. The gradients of scale and shift
  // are of this rank's batch, as other operators' are.
  Communicator* synchronized = nullptr;
};

// The operator of `node`, whose inputs and output have these shapes.
absl::StatusOr<std::unique_ptr<Operator>> MakeOperator(
    const Node& node, const std::vector<Shape>& inputs, const Shape& output,
    const NodeValues& values, const OperatorOptions& options);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_OPERATOR_H_
