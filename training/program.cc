#include "training/program.h"

#include <cassert>
#include <cstddef>
#include <cstring>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/memory.h"
#include "base/monotonic_clock.h"
#include "base/status_macros.h"
#include "kernels/elementwise.h"
#include "models/cost.h"
#include "models/shape_inference.h"
#include "models/training_heads.h"
#include "training/fusion.h"
#include "training/quantized_operator.h"

namespace tritlab {
namespace {

// What graph.proto calls the operators, joined: "batch_normalization+relu".
std::string KindOf(const FusedNodes& fused, const Graph& graph) {
  std::vector<std::string> names;
  for (const int node : {fused.first, fused.add, fused.relu}) {
    if (node < 0) continue;
    const int field = graph.nodes(node).operator_case();
    names.push_back(Node::descriptor()->FindFieldByNumber(field)->name());
  }
  return absl::StrJoin(names, "+");
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

// What steps are made of, and what is known of those that are made.
struct Program::Compilation {
  const Graph& graph;
  const std::vector<NodeValues>& values;
  const std::map<std::string, LayerWork> works;  // by the layer's name
  // [node], and behind them of the quantized copies of activations.
  std::vector<Shape> shapes;
  // [likewise] whether anything that is trained stands at or before it.
  std::vector<bool> has_gradient;
  double quantized_gradients = 0;  // bytes
};

absl::StatusOr<std::unique_ptr<Program>> Program::Compile(
    const Graph& network, const std::vector<NodeValues>& values,
    const Options& options) {
  ASSIGN_OR_RETURN(const Graph graph, options.training
                                          ? WithTrainingHeads(network)
                                          : absl::StatusOr<Graph>(network));
  ASSIGN_OR_RETURN(const ShapedGraph shaped, InferShapes(graph, options.batch));
  ASSIGN_OR_RETURN(auto works, WorkByName(graph));
  std::unique_ptr<Program> program(new Program(options));
  program->nodes_ = graph.nodes_size();
  RETURN_IF_ERROR(program->FindLogits(network, shaped));
  Compilation compilation = {
      .graph = graph,
      .values = values,
      .works = std::move(works),
      .shapes = shaped.shapes,
      .has_gradient = std::vector<bool>(graph.nodes_size(), false)};
  for (const FusedNodes& fused : FuseNodes(graph, shaped, options.training))
    RETURN_IF_ERROR(program->AddStep(fused, compilation));
  for (const Shape& shape : compilation.shapes)
    program->elements_.push_back(shape.size());
  RETURN_IF_ERROR(program->TakeMemory(compilation));
  program->Bind();
  return program;
}

absl::Status Program::FindLogits(const Graph& network,
                                 const ShapedGraph& shaped) {
  logits_ = network.nodes_size() - 1;
  const Shape& logits = shaped.shapes[logits_];
  if (logits.height != 1 || logits.width != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "graph \"", network.name(), "\" ends in ", ToString(logits),
        "; its last node must give one value a class"));
  }
  classes_ = logits.channels;
  image_elements_ = shaped.shapes[0].size();
  if (!options_.training) return absl::OkStatus();
  head_logits_ = TrainingHeadOutputs(network);
  for (const TrainingHead& head : network.training_heads())
    heads_.push_back({.loss_weight = head.loss_weight()});
  return absl::OkStatus();
}

absl::Status Program::AddStep(const FusedNodes& fused, Compilation& at) {
  const Node& node = at.graph.nodes(fused.first);
  const NodeValues& values = at.values[fused.first];
  Step step;
  step.inputs = fused.inputs;
  step.output = fused.output();
  step.node = fused.first;
  step.kind = KindOf(fused, at.graph);
  if (node.has_convolution() || node.has_linear()) {
    step.layer = fused.first;
    const LayerWork& work = at.works.at(node.name());
    step.multiply_adds = work.multiply_adds * options_.batch;
    step.weight_bytes = work.weights * SizeOf(DataType::kF32);
  }
  std::vector<Shape> input_shapes;
  bool input_gradient = false;
  for (const int input : step.inputs) {
    input_shapes.push_back(at.shapes[input]);
    input_gradient = input_gradient || at.has_gradient[input];
  }
  at.has_gradient[step.output] =
      input_gradient || !values.weights.empty() || !values.scale.empty();
  if (values.activations != nullptr) {
    // The layer reads its input's quantized copy.
    const int quantized = static_cast<int>(at.shapes.size());
    steps_.push_back(
        {.op = MakeActivationStep(options_.type, input_shapes[0].size(),
                                  *values.activations),
         .inputs = step.inputs,
         .output = quantized,
         .layer = fused.first,
         .quantizes_input = true,
         .node = fused.first,
         .kind = "activation_quantizer"});
    at.shapes.push_back(input_shapes[0]);
    at.has_gradient.push_back(input_gradient);
    step.inputs = {quantized};
  }
  const Shape output = at.shapes[fused.first];
  ASSIGN_OR_RETURN(
      step.op,
      MakeOperator(node, input_shapes, output, values,
                   {.type = options_.type,
                    .training = options_.training,
                    .input_gradient = options_.training && input_gradient,
                    .relu = fused.relu >= 0,
                    .add = fused.add >= 0,
                    .synchronized = options_.synchronized}));
  if (options_.training && values.gradients != nullptr) {
    step.op = WithQuantizedGradient(std::move(step.op), options_.type, output,
                                    *values.gradients);
    at.quantized_gradients +=
        static_cast<double>(output.size()) * SizeOf(options_.type);
  }
  steps_.push_back(std::move(step));
  return absl::OkStatus();
}

absl::Status Program::TakeMemory(const Compilation& compilation) {
  const BufferPlan activations = PlanForward(compilation.shapes);
  BufferPlan gradients;
  if (options_.training) {
    gradients = PlanBackward(compilation.shapes, compilation.has_gradient);
  }
  const Buffers lent =
      options_.lender == nullptr ? Buffers() : options_.lender->gradients_;
  RETURN_IF_ERROR(
      CheckMemory(absl::StrCat(compilation.graph.name(), " with batches of ",
                               options_.batch),
                  static_cast<double>(activations.total_bytes(lent)) +
                      gradients.total_bytes() + compilation.quantized_gradients,
                  "use a smaller batch_size"));
  activations_ = activations.Allocate(lent);
  gradients_ = gradients.Allocate();
  return absl::OkStatus();
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
