// A graph compiled for one batch size: shapes inferred, kernels created, memory
// planned. A step then only executes a list, forwards and backwards. In
// training, the graph is that of WithTrainingHeads (models/training_heads.h),
// and the backward pass begins at the logits and at every head's.
#ifndef TRITLAB_TRAINING_PROGRAM_H_
#define TRITLAB_TRAINING_PROGRAM_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/tensor.h"
#include "models/graph.pb.h"
#include "models/shape_inference.h"
#include "training/buffer_plan.h"
#include "training/communicator.h"
#include "training/fusion.h"
#include "training/operator.h"
#include "training/operator_run.h"

namespace tritlab {

class Program {
 public:
  struct Options {
    int64_t batch = 0;
    DataType type = DataType::kF32;  // of activations and their gradients
    bool training = false;           // batch statistics, and Backward
    // In training, batch statistics are those of all these ranks' batches;
    // nullptr: of the program's own. Not owned.
    Communicator* synchronized = nullptr;
    // A program in training whose memory for gradients this one may use as
    // well: it runs between the other's steps only. Not owned, needed by
    // Compile alone.
    const Program* lender = nullptr;
  };

  // `values` has one entry a node; what its spans point at must outlive the
  // program, unlike `graph`. InvalidArgument, naming the node, when shapes do
  // not fit or the last node gives more than one value a class;
  // ResourceExhausted when the machine has not the memory.
  static absl::StatusOr<std::unique_ptr<Program>> Compile(
      const Graph& graph, const std::vector<NodeValues>& values,
      const Options& options);

  // Takes over the weights that `values` shows now.
  void LoadWeights();
  // images: f32, NHWC, options.batch of them. Returns the logits,
  // [batch][classes] in options.type, which stay valid until the next call of
  // this program, or of its lender.
  const void* Forward(const float* images);
  // The graph's training heads; outside training there are none.
  struct Head {
    float loss_weight = 0;
    const void* logits = nullptr;  // as Forward's, written by it
  };
  const std::vector<Head>& heads() const { return heads_; }
  // From now on, called by each Forward with every operator's output as it is
  // computed: the node (index into the graph) whose result it is, a ReLU that
  // was fused with what it reads included, and the values.
  using Observer = std::function<void(int node, std::span<const float> values)>;
  void Observe(Observer observer) { observer_ = std::move(observer); }
  // From now on, called by each Forward with what every convolution and linear
  // layer is about to read, as values of type(). Where a layer's activations
  // are quantized, it is called with them before that as well.
  struct LayerInput {
    int node = 0;  // the layer, as an index into the graph
    bool before_quantization = false;
    const void* values = nullptr;
  };
  using LayerInputObserver = std::function<void(const LayerInput& input)>;
  void ObserveLayerInputs(LayerInputObserver observer) {
    layer_input_observer_ = std::move(observer);
  }
  // From now on, called after every operator that LoadWeights, Forward and
  // Backward run, by the thread that called them.
  void ObserveOperators(OperatorObserver observer) {
    operator_observer_ = std::move(observer);
  }
  // After Forward in training, with dL/dlogits in options.type, and the same of
  // each head: overwrites all gradients in `values`.
  void Backward(const void* grad_logits,
                std::span<const void* const> grad_heads = {});

  int64_t batch() const { return options_.batch; }
  DataType type() const { return options_.type; }
  int64_t classes() const { return classes_; }
  // Bytes of activations and gradients that the program holds, borrowed ones
  // included.
  int64_t activation_bytes() const;

 private:
  // An operator, and the nodes that it reads and whose output it writes.
  struct Step {
    std::unique_ptr<Operator> op;
    std::vector<int> inputs;
    int output = 0;
    int layer = -1;  // the node, of a convolution or a linear layer
    bool quantizes_input = false;  // of the layer, which is another step
    int node = 0;                  // the first that the operator stands for
    std::string kind = {};         // as OperatorRun's
    int64_t multiply_adds = 0;     // of a forward pass
    int64_t weight_bytes = 0;
    ForwardTensors tensors = {};

    // Whether it is a convolution or a linear layer itself.
    bool is_layer() const { return layer >= 0 && !quantizes_input; }
  };
  // One entry of the backward list: an operator's Backward, or (with
  // sum_elements) the sum of two gradients of its output.
  struct BackwardStep {
    int step = 0;  // index into steps_
    int64_t sum_elements = 0;
    std::array<int, 2> grad_outputs = {-1, -1};
    int grad_input = -1;                // also where the sum goes
    std::vector<int> grad_inputs = {};  // of operators that separate gradients
    BackwardTensors tensors = {};
  };

  struct Compilation;

  explicit Program(const Options& options) : options_(options) {}
  absl::Status FindLogits(const Graph& network, const ShapedGraph& shaped);
  // Appends the operator, behind a step that quantizes what it reads, where one
  // does.
  absl::Status AddStep(const FusedNodes& fused, Compilation& at);
  absl::Status TakeMemory(const Compilation& compilation);
  BufferPlan PlanForward(const std::vector<Shape>& shapes);
  // has_gradient: as Compilation's.
  BufferPlan PlanBackward(const std::vector<Shape>& shapes,
                          const std::vector<bool>& has_gradient);
  // Gives every step the addresses of what was planned.
  void Bind();
  // Calls function(), one pass of the step's operator, and tells the observer.
  // `backward`: its entry of the backward list, or nullptr.
  template <typename Function>
  void Run(const Step& step, Pass pass, const BackwardStep* backward,
           const Function& function) const;
  OperatorRun Describe(const Step& step, Pass pass,
                       const BackwardStep* backward) const;

  const Options options_;
  int nodes_ = 0;  // of the graph
  // [node], of its output; behind them, of the quantized copies of activations.
  std::vector<int64_t> elements_;
  Observer observer_;
  LayerInputObserver layer_input_observer_;
  OperatorObserver operator_observer_;
  int logits_ = 0;                // the node whose output they are
  std::vector<int> head_logits_;  // [head], likewise
  std::vector<Head> heads_;
  int64_t classes_ = 0;
  int64_t image_elements_ = 0;  // of the whole batch
  std::vector<Step> steps_;
  std::vector<BackwardStep> backward_;
  std::vector<int> activation_of_;  // [node] -> activations_, -1 for nodes that
                                    // are part of another step
  Buffers activations_;
  int grad_logits_ = -1;
  std::vector<int> grad_heads_;  // [head]
  Buffers gradients_;
};

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_PROGRAM_H_
