#include "inference/byte_plan.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/memory.h"
#include "base/status_macros.h"
#include "inference/byte_weights.h"
#include "models/parameters.h"

namespace tritlab {

absl::StatusOr<BytePlan> BytePlan::Create(
    const PackedModel& model, const IntegerProgram::Options& options) {
  BytePlan plan(model);
  const PackedModelDescription& description = model.description;
  const std::string& why = description.why_no_integer_form();
  if (!why.empty()) return absl::UnimplementedError(why);
  for (const PackedTensor& tensor : description.tensors())
    plan.tensors_[tensor.name()] = &tensor;
  const Graph& graph = plan.graph();
  ASSIGN_OR_RETURN(plan.shaped_, InferShapes(graph, options.batch));
  const ShapedGraph& shaped = plan.shaped_;
  if (description.first_and_last() == PackedModelDescription::F32) {
    const std::vector<int> weighted = WeightedNodes(graph);
    if (!weighted.empty())
      plan.in_floats_ = {weighted.front(), weighted.back()};
  }
  double bytes = 0;
  for (const Shape& shape : shaped.shapes)
    bytes += static_cast<double>(shape.size());
  // One buffer of f32 values serves all layers that need it: those of two
  // products and those in f32. What the latter read are others.
  int64_t values = 0;
  for (const int node : WeightedNodes(graph)) {
    const auto weights =
        plan.tensors_.find(graph.nodes(node).name() + "/weights");
    if (weights == plan.tensors_.end()) continue;
    const auto& codebook = weights->second->codebook();
    if (options.exact || plan.InFloats(node) ||
        MayNeedTwoProducts(
            {codebook.data(), static_cast<size_t>(codebook.size())}))
      values = std::max(values, plan.ShapeOf(node).size());
  }
  bytes += 4.0 * static_cast<double>(values);
  for (const int node : plan.in_floats_)
    bytes += 4.0 * static_cast<double>(plan.InputShape(node).size());
  RETURN_IF_ERROR(CheckMemory(
      absl::StrCat(graph.name(), " with batches of ", options.batch), bytes,
      "use a smaller batch"));
  plan.consumers_.assign(graph.nodes_size(), 0);
  plan.only_consumer_.assign(graph.nodes_size(), -1);
  for (int i = 0; i < graph.nodes_size(); ++i) {
    for (const int input : shaped.inputs[i])
      plan.only_consumer_[input] = ++plan.consumers_[input] == 1 ? i : -1;
  }
  return plan;
}

bool BytePlan::InFloats(int node) const {
  return std::find(in_floats_.begin(), in_floats_.end(), node) !=
         in_floats_.end();
}

absl::StatusOr<float> BytePlan::ClipOf(int node) const {
  while (only_consumer_[node] >= 0 &&
         graph().nodes(only_consumer_[node]).has_concat())
    node = only_consumer_[node];
  const auto& clips = model_->description.clips();
  // Its 255th part is a byte's step.
  if (node < clips.size() && std::isfinite(clips[node]) && clips[node] > 0 &&
      std::isnormal(clips[node] / 255))
    return clips[node];
  return absl::InvalidArgumentError(
      "the model has no range of its values; pack it anew");
}

absl::StatusOr<const PackedTensor*> BytePlan::Tensor(const std::string& name,
                                                     int64_t count) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the model has no tensor ", name));
  }
  if (static_cast<int64_t>(found->second->count()) != count) {
    return absl::InvalidArgumentError(
        absl::StrCat("the model's tensor ", name, " has ",
                     found->second->count(), " values, not ", count));
  }
  return found->second;
}

absl::StatusOr<std::vector<float>> BytePlan::Values(const std::string& name,
                                                    int64_t count) const {
  ASSIGN_OR_RETURN(const PackedTensor* const tensor, Tensor(name, count));
  return ValuesOf(*model_, *tensor);
}

}  // namespace tritlab
