#include "training/program.h"

#include <cassert>
#include <cstddef>
#include <cstring>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/memory.h"
#include "base/monotonic_clock.h"
#include "base/status_macros.h"
#include "kernels/batch_normalization.h"
#include "kernels/elementwise.h"
#include "models/cost.h"
#include "models/shape_inference.h"
#include "models/training_heads.h"
#include "training/quantized_operator.h"

namespace tritlab {
namespace {

// How many nodes read each node's output.
std::vector<int> CountConsumers(const ShapedGraph& shaped) {
  std::vector<int> consumers(shaped.shapes.size(), 0);
  for (const std::vector<int>& inputs : shaped.inputs) {
    for (const int input : inputs) ++consumers[input];
  }
  return consumers;
}

// What graph.proto calls the node's operator.
std::string KindOf(const Node& node) {
  return Node::descriptor()->FindFieldByNumber(node.operator_case())->name();
}

// The work of the graph's layers, by name.
absl::StatusOr<std::map<std::string, LayerWork>> WorkByName(
    const Graph& graph) {
  ASSIGN_OR_RETURN(const std::vector<LayerWork> works, WorkOf(graph));
  std::map<std::string, LayerWork> by_name;
  for (const LayerWork& work : works) by_name[work.name] = work;
  return by_name;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Program>> Program::Compile(
    const Graph& network, const std::vector<NodeValues>& values,
    const Options& options) {
  ASSIGN_OR_RETURN(const Graph graph, options.training
                                          ? WithTrainingHeads(network)
                                          : absl::StatusOr<Graph>(network));
  ASSIGN_OR_RETURN(ShapedGraph shaped, InferShapes(graph, options.batch));
  ASSIGN_OR_RETURN(const auto works, WorkByName(graph));
  std::unique_ptr<Program> program(new Program(options));
  const std::vector<int> consumers = CountConsumers(shaped);

  // A ReLU that alone reads a batch normalization or an addition is computed
  // with it: the node's result is then known by the ReLU's index.
  std::vector<int> fused_relu(graph.nodes_size(), -1);
  for (int i = 0; i < graph.nodes_size(); ++i) {
    if (!graph.nodes(i).has_relu()) continue;
    const int input = shaped.inputs[i][0];
    const Node& before = graph.nodes(input);
    if ((before.has_batch_normalization() || before.has_add()) &&
        consumers[input] == 1)
      fused_relu[input] = i;
  }
  // In training, a batch normalization that only such an addition reads is
  // computed with it, in the addition's place. Inference shows its observers
  // what is added.
  std::vector<int> added_by(graph.nodes_size(), -1);  // the addition
  std::vector<int> adds(graph.nodes_size(), -1);      // the batch normalization
  for (int i = 0; i < graph.nodes_size(); ++i) {
    if (!options.training) break;
    if (!graph.nodes(i).has_add() || fused_relu[i] < 0) continue;
    for (const int input : shaped.inputs[i]) {
      if (!graph.nodes(input).has_batch_normalization() ||
          consumers[input] != 1)
        continue;
      added_by[input] = i;
      adds[i] = input;
      break;
    }
  }

  std::vector<bool> has_gradient(graph.nodes_size(),
                                 false);  // of the node's output
  double quantized_gradients = 0;         // bytes
  for (int last = 1; last < graph.nodes_size(); ++last) {
    const Node& at = graph.nodes(last);
    if (at.has_relu() && fused_relu[shaped.inputs[last][0]] == last) continue;
    if (added_by[last] >= 0) continue;
    // The first node that the operator stands for.
    const int i = adds[last] >= 0 ? adds[last] : last;
    const Node& node = graph.nodes(i);
    Step step;
    step.inputs = shaped.inputs[i];
    step.output = fused_relu[last] >= 0 ? fused_relu[last] : last;
    step.node = i;
    step.kind = KindOf(node);
    if (i != last) {
      const std::vector<int>& added = shaped.inputs[last];
      step.inputs.push_back(added[added[0] == i ? 1 : 0]);
      absl::StrAppend(&step.kind, "+", KindOf(at));
    }
    if (fused_relu[last] >= 0)
      absl::StrAppend(&step.kind, "+", KindOf(graph.nodes(fused_relu[last])));
    if (node.has_convolution() || node.has_linear()) {
      step.layer = i;
      const LayerWork& work = works.at(node.name());
      step.multiply_adds = work.multiply_adds * options.batch;
      step.weight_bytes = work.weights * SizeOf(DataType::kF32);
    }
    std::vector<Shape> input_shapes;
    bool input_gradient = false;
    for (const int input : step.inputs) {
      input_shapes.push_back(shaped.shapes[input]);
      input_gradient = input_gradient || has_gradient[input];
    }
    const NodeValues& of_node = values[i];
    has_gradient[step.output] =
        input_gradient || !of_node.weights.empty() || !of_node.scale.empty();
    if (of_node.activations != nullptr) {
      // The layer reads its input's quantized copy, which is known by an index
      // behind those of all nodes.
      const int quantized = static_cast<int>(shaped.shapes.size());
      program->steps_.push_back(
          {.op = MakeActivationStep(options.type, input_shapes[0].size(),
                                    *of_node.activations),
           .inputs = step.inputs,
           .output = quantized,
           .layer = i,
           .quantizes_input = true,
           .node = i,
           .kind = "activation_quantizer"});
      shaped.shapes.push_back(input_shapes[0]);
      has_gradient.push_back(input_gradient);
      step.inputs = {quantized};
    }
    ASSIGN_OR_RETURN(
        step.op,
        MakeOperator(node, input_shapes, shaped.shapes[i], of_node,
                     {.type = options.type,
                      .training = options.training,
                      .input_gradient = options.training && input_gradient,
                      .relu = fused_relu[last] >= 0,
                      .add = i != last,
                      .synchronized = options.synchronized}));
    if (options.training && of_node.gradients != nullptr) {
      step.op = WithQuantizedGradient(std::move(step.op), options.type,
                                      shaped.shapes[i], *of_node.gradients);
      quantized_gradients +=
          static_cast<double>(shaped.shapes[i].size()) * SizeOf(options.type);
    }
    program->steps_.push_back(std::move(step));
  }
  program->logits_ = network.nodes_size() - 1;
  if (options.training) {
    program->head_logits_ = TrainingHeadOutputs(network);
    for (const TrainingHead& head : network.training_heads())
      program->heads_.push_back({.loss_weight = head.loss_weight()});
  }
  program->nodes_ = graph.nodes_size();
  for (const Shape& shape : shaped.shapes)
    program->elements_.push_back(shape.size());
  const Shape& logits = shaped.shapes[program->logits_];
  if (logits.height != 1 || logits.width != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("graph \"", graph.name(), "\" ends in ", ToString(logits),
                     "; its last node must give one value a class"));
  }
  program->classes_ = logits.channels;
  program->image_elements_ = shaped.shapes[0].size();
  const BufferPlan activations = program->PlanForward(shaped.shapes);
  BufferPlan gradients;
  if (options.training) {
    gradients = program->PlanBackward(shaped.shapes, has_gradient);
  }
  const Buffers lent =
      options.lender == nullptr ? Buffers() : options.lender->gradients_;
  RETURN_IF_ERROR(CheckMemory(
      absl::StrCat(graph.name(), " with batches of ", options.batch),
      static_cast<double>(activations.total_bytes(lent)) +
          gradients.total_bytes() + quantized_gradients,
      "use a smaller batch_size"));
  program->activations_ = activations.Allocate(lent);
  program->gradients_ = gradients.Allocate();
  program->Bind();
  return program;
}

BufferPlan Program::PlanForward(const std::vector<Shape>& shapes) {
  // Training keeps every activation for the backward pass; inference only until
  // its last reader is done.
  std::vector<int> readers(shapes.size(), 0);
  std::vector<const Operator*> writer(shapes.size(), nullptr);
  for (const Step& step : steps_) {
    for (const int input : step.inputs) ++readers[input];
    writer[step.output] = step.op.get();
  }
  std::vector<int> waiting = readers;
  BufferPlan plan;
  activation_of_.assign(shapes.size(), -1);
  const auto acquire = [&](int node) {
    activation_of_[node] =
        plan.Acquire(shapes[node].size() * SizeOf(options_.type));
  };
  acquire(0);
  for (const Step& step : steps_) {
    // Nobody else, forwards or backwards, may want what would be overwritten.
    const int input = step.inputs[0];
    if (step.op->in_place_forward() && readers[input] == 1 &&
        writer[input] != nullptr && !writer[input]->needs_output()) {
      activation_of_[step.output] = activation_of_[input];
      plan.Share(activation_of_[input]);
    } else {
      acquire(step.output);
    }
    if (options_.training) continue;
    for (const int read : step.inputs) {
      if (--waiting[read] == 0) plan.Release(activation_of_[read]);
    }
  }
  return plan;
}

BufferPlan Program::PlanBackward(const std::vector<Shape>& shapes,
                                 const std::vector<bool>& has_gradient) {
  BufferPlan plan;
  const auto acquire = [&](int node) {
    return plan.Acquire(shapes[node].size() * SizeOf(options_.type));
  };
  // The gradients that consumers have sent to each node's output so far.
  std::vector<std::vector<int>> received(shapes.size());

  grad_logits_ = acquire(logits_);
  received[logits_] = {grad_logits_};
  for (const int logits : head_logits_) {
    grad_heads_.push_back(acquire(logits));
    received[logits] = {grad_heads_.back()};
  }
  for (int s = static_cast<int>(steps_.size()) - 1; s >= 0; --s) {
    const Step& step = steps_[s];
    std::vector<int>& gradients = received[step.output];
    if (gradients.empty()) continue;  // the node leads nowhere
    const size_t most = step.op->sums_gradients() ? 2 : 1;
    while (gradients.size() > most) {
      const int a = gradients[gradients.size() - 2], b = gradients.back();
      gradients.resize(gradients.size() - 2);
      // Into a itself, unless somebody else still reads it.
      const int sum = plan.users(a) == 1 ? a : acquire(step.output);
      backward_.push_back({.step = s,
                           .sum_elements = shapes[step.output].size(),
                           .grad_outputs = {a, b},
                           .grad_input = sum});
      if (sum != a) plan.Release(a);
      plan.Release(b);
      gradients.push_back(sum);
    }
    bool input_wanted = false;
    for (const int input : step.inputs)
      input_wanted = input_wanted || has_gradient[input];
    int grad_input = -1;
    std::vector<int> unwanted;  // gradients of inputs that nobody reads
    if (step.op->passes_gradient()) {
      grad_input = gradients[0];
      plan.Share(grad_input);
    } else {
      BackwardStep backward{.step = s};
      for (size_t i = 0; i < gradients.size(); ++i)
        backward.grad_outputs[i] = gradients[i];
      if (step.op->separates_gradients()) {
        for (size_t i = 0; i < step.inputs.size(); ++i) {
          const int input = step.inputs[i];
          const bool wanted = has_gradient[input];
          int of_input = -1;
          if (step.op->in_place_backward() && i + 1 == step.inputs.size() &&
              plan.users(gradients[0]) == 1) {
            of_input = gradients[0];
            plan.Share(of_input);
          } else if (wanted || step.op->needs_grad_input()) {
            of_input = acquire(input);
          }
          backward.grad_inputs.push_back(of_input);
          if (wanted) {
            received[input].push_back(of_input);
          } else if (of_input >= 0) {
            unwanted.push_back(of_input);
          }
        }
      } else if (input_wanted || step.op->needs_grad_input()) {
        if (step.op->in_place_backward() && plan.users(gradients[0]) == 1) {
          grad_input = gradients[0];
          plan.Share(grad_input);
        } else {
          grad_input = acquire(step.inputs[0]);
        }
      }
      backward.grad_input = grad_input;
      backward_.push_back(std::move(backward));
    }
    for (const int gradient : gradients) plan.Release(gradient);
    for (const int gradient : unwanted) plan.Release(gradient);
    if (grad_input < 0) continue;
    for (const int input : step.inputs) {
      if (!has_gradient[input]) continue;
      plan.Share(grad_input);
      received[input].push_back(grad_input);
    }
    plan.Release(grad_input);
  }
  return plan;
}

void Program::LoadWeights() {
  for (const Step& step : steps_) {
    if (!step.is_layer()) continue;
    Run(step, Pass::kLoadWeights, nullptr, [&] { step.op->LoadWeights(); });
  }
}

void Program::Bind() {
  const auto activation = [&](int node) {
    return activations_[activation_of_[node]]->data();
  };
  const auto gradient = [&](int buffer) {
    return buffer < 0 ? nullptr : gradients_[buffer]->data();
  };
  for (Step& step : steps_) {
    for (const int input : step.inputs)
      step.tensors.inputs.push_back(activation(input));
    step.tensors.output = activation(step.output);
  }
  for (size_t h = 0; h < heads_.size(); ++h)
    heads_[h].logits = activation(head_logits_[h]);
  for (BackwardStep& backward : backward_) {
    BackwardTensors& tensors = backward.tensors;
    tensors.grad_outputs = {gradient(backward.grad_outputs[0]),
                            gradient(backward.grad_outputs[1])};
    tensors.grad_input = gradient(backward.grad_input);
    for (const int grad_input : backward.grad_inputs)
      tensors.grad_inputs.push_back(gradient(grad_input));
    tensors.inputs = steps_[backward.step].tensors.inputs;
    tensors.output = steps_[backward.step].tensors.output;
  }
}

const void* Program::Forward(const float* images) {
  FromFloat(images, image_elements_, options_.type,
            activations_[activation_of_[0]]->data());
  for (const Step& step : steps_) {
    if (layer_input_observer_ && step.layer >= 0) {
      layer_input_observer_({.node = step.layer,
                             .before_quantization = step.quantizes_input,
                             .values = step.tensors.inputs[0]});
    }
    Run(step, Pass::kForward, nullptr, [&] { step.op->Forward(step.tensors); });
    if (observer_ && step.output < nodes_) {
      std::vector<float> values(elements_[step.output]);
      ToFloat(options_.type, step.tensors.output,
              static_cast<int64_t>(values.size()), values.data());
      observer_(step.output, values);
    }
  }
  return activations_[activation_of_[logits_]]->data();
}

void Program::Backward(const void* grad_logits,
                       std::span<const void* const> grad_heads) {
  assert(grad_heads.size() == grad_heads_.size());
  const size_t bytes = options_.batch * classes_ * SizeOf(options_.type);
  std::memcpy(gradients_[grad_logits_]->data(), grad_logits, bytes);
  for (size_t h = 0; h < grad_heads.size(); ++h)
    std::memcpy(gradients_[grad_heads_[h]]->data(), grad_heads[h], bytes);
  for (const BackwardStep& backward : backward_) {
    const BackwardTensors& tensors = backward.tensors;
    const Step& step = steps_[backward.step];
    if (backward.sum_elements > 0) {
      Run(step, Pass::kSumGradients, &backward, [&] {
        AddForward(options_.type, backward.sum_elements,
                   tensors.grad_outputs[0], tensors.grad_outputs[1],
                   /*relu=*/false, tensors.grad_input);
      });
      continue;
    }
    if (step.is_layer()) {
      Run(step, Pass::kBackwardWeights, &backward,
          [&] { step.op->BackwardWeights(tensors); });
    }
    Run(step, Pass::kBackward, &backward, [&] { step.op->Backward(tensors); });
  }
}

template <typename Function>
void Program::Run(const Step& step, Pass pass, const BackwardStep* backward,
                  const Function& function) const {
  if (!operator_observer_) return function();
  OperatorRun run = Describe(step, pass, backward);
  run.start_seconds = MonotonicSeconds();
  function();
  run.seconds = MonotonicSeconds() - run.start_seconds;
  operator_observer_(run);
}

OperatorRun Program::Describe(const Step& step, Pass pass,
                              const BackwardStep* backward) const {
  OperatorRun run{.node = step.node,
                  .kind = step.kind,
                  .quantizes_input = step.quantizes_input,
                  .pass = pass};
  const int64_t output = elements_[step.output];
  int64_t inputs = 0;
  for (const int input : step.inputs) inputs += elements_[input];
  int64_t values = 0;  // of options_.type
  bool weights = pass != Pass::kSumGradients;
  switch (pass) {
    case Pass::kLoadWeights:
      break;
    case Pass::kForward:
    case Pass::kBackwardWeights:
      run.multiply_adds = step.multiply_adds;
      values = inputs + output;
      break;
    case Pass::kBackward: {
      // The gradients received, what was read or (by a ReLU) written forwards,
      // and the gradients sent. Layers had their input in kBackwardWeights.
      const bool sends =
          backward->grad_input >= 0 || !backward->grad_inputs.empty();
      const bool layer = step.is_layer();
      if (layer && !sends) {
        weights = false;
        break;
      }
      run.multiply_adds = step.multiply_adds;
      values = output + (layer ? 0 : inputs) + (sends ? inputs : 0);
      if (backward->grad_outputs[1] >= 0) values += output;
      break;
    }
    case Pass::kSumGradients:
      values = 3 * output;
      break;
  }
  run.bytes = values * static_cast<int64_t>(SizeOf(options_.type)) +
              (weights ? step.weight_bytes : 0);
  return run;
}

int64_t Program::activation_bytes() const {
  size_t bytes = 0;
  for (const auto& buffer : activations_) bytes += buffer->bytes();
  for (const auto& buffer : gradients_) bytes += buffer->bytes();
  return static_cast<int64_t>(bytes);
}

}  // namespace tritlab
