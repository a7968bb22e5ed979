// How a packed model is computed over bytes: what becomes part of what, what is
// rounded to bytes and with which range, and the tensors, looked up node by
// node. The compiler of integer programs (byte_compiler.h) and the export over
// bytes (onnx/export_quantized.h) both follow it.
#ifndef TRITLAB_INFERENCE_BYTE_PLAN_H_
#define TRITLAB_INFERENCE_BYTE_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "inference/packed_model.h"
#include "models/graph.pb.h"
#include "models/shape_inference.h"

namespace tritlab {

class BytePlan {
 public:
  // Of a model that lives longer, for batches of `batch` images. Unimplemented
  // when it says that it has no integer form.
  static absl::StatusOr<BytePlan> Create(const PackedModel& model,
                                         int64_t batch);

  const PackedModel& model() const { return *model_; }
  const Graph& graph() const { return model_->description.graph(); }
  int nodes() const { return graph().nodes_size(); }

  const Shape& ShapeOf(int node) const { return shaped_.shapes[node]; }
  const std::vector<int>& InputsOf(int node) const {
    return shaped_.inputs[node];
  }
  const Shape& InputShape(int node) const { return ShapeOf(InputsOf(node)[0]); }
  // How many inputs of nodes it is.
  int Consumers(int node) const { return consumers_[node]; }
  // The node that reads it, where there is one and it reads it once; else -1.
  int OnlyConsumer(int node) const { return only_consumer_[node]; }

  // A convolution or a linear layer.
  bool IsLayer(int node) const;
  // A batch normalization that becomes part of the layer right before it.
  bool IsFolded(int node) const;
  // Which input of an addition is added as the sums that it is computed in: the
  // later one that is a layer, normalized or not, which nothing else reads. The
  // other one, the residual, is rounded to bytes. -1 when neither is such.
  int UnroundedOperand(int addition) const;

  // Whether the layer is computed in f32: the first and the last one, where the
  // model says so.
  bool InFloats(int node) const;

  // What the bytes of a node cover: what those of a concatenation do, where it
  // alone reads them, so that its inputs have one step.
  absl::StatusOr<float> ClipOf(int node) const;

  // Of a layer's weights; empty where they have none.
  std::span<const float> CodebookOf(int layer) const;

  // InvalidArgument when there is none of the name, or it has not `count`
  // values.
  absl::StatusOr<const PackedTensor*> Tensor(const std::string& name,
                                             int64_t count) const;
  absl::StatusOr<std::vector<float>> Values(const std::string& name,
                                            int64_t count) const;
  // A layer's weights; also when they have channel scales, and not one an
  // output channel.
  absl::StatusOr<const PackedTensor*> WeightsOf(int layer, int64_t count) const;

 private:
  explicit BytePlan(const PackedModel& model) : model_(&model) {}

  const PackedModel* model_;
  ShapedGraph shaped_;
  std::vector<int> consumers_;      // [node]
  std::vector<int> only_consumer_;  // [node], -1 where there are not one
  std::vector<int> in_floats_;      // nodes
  std::map<std::string, const PackedTensor*> tensors_;
};

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_BYTE_PLAN_H_
