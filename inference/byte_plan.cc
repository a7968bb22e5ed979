#include "inference/byte_plan.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "models/parameters.h"

namespace tritlab {

absl::StatusOr<BytePlan> BytePlan::Create(const PackedModel& model,
                                          int64_t batch) {
  BytePlan plan(model);
  const PackedModelDescription& description = model.description;
  const std::string& why = description.why_no_integer_form();
  if (!why.empty()) return absl::UnimplementedError(why);
  for (const PackedTensor& tensor : description.tensors())
    plan.tensors_[tensor.name()] = &tensor;
  const Graph& graph = plan.graph();
  ASSIGN_OR_RETURN(plan.shaped_, InferShapes(graph, batch));
  if (description.first_and_last() == PackedModelDescription::F32) {
    const std::vector<int> weighted = WeightedNodes(graph);
    if (!weighted.empty())
      plan.in_floats_ = {weighted.front(), weighted.back()};
  }
  plan.consumers_.assign(graph.nodes_size(), 0);
  plan.only_consumer_.assign(graph.nodes_size(), -1);
  for (int i = 0; i < graph.nodes_size(); ++i) {
    for (const int input : plan.shaped_.inputs[i])
      plan.only_consumer_[input] = ++plan.consumers_[input] == 1 ? i : -1;
  }
  return plan;
}

bool BytePlan::InFloats(int node) const {
  return std::find(in_floats_.begin(), in_floats_.end(), node) !=
         in_floats_.end();
}

bool BytePlan::IsLayer(int node) const {
  const Node& of = graph().nodes(node);
  return of.has_convolution() || of.has_linear();
}

bool BytePlan::IsFolded(int node) const {
  if (!graph().nodes(node).has_batch_normalization()) return false;
  const int input = InputsOf(node)[0];
  return IsLayer(input) && only_consumer_[input] == node;
}

int BytePlan::UnroundedOperand(int addition) const {
  std::vector<int> inputs = InputsOf(addition);
  std::sort(inputs.rbegin(), inputs.rend());
  for (const int input : inputs) {
    if (only_consumer_[input] == addition &&
        (IsLayer(input) || IsFolded(input)))
      return input;
  }
  return -1;
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

std::span<const float> BytePlan::CodebookOf(int layer) const {
  const auto found = tensors_.find(graph().nodes(layer).name() + "/weights");
  if (found == tensors_.end()) return {};
  const auto& codebook = found->second->codebook();
  return {codebook.data(), static_cast<size_t>(codebook.size())};
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

absl::StatusOr<const PackedTensor*> BytePlan::WeightsOf(int layer,
                                                        int64_t count) const {
  const std::string name = graph().nodes(layer).name() + "/weights";
  ASSIGN_OR_RETURN(const PackedTensor* const tensor, Tensor(name, count));
  const int scales = tensor->channel_scales_size();
  const int64_t outputs = ShapeOf(layer).channels;
  if (scales != 0 && scales != outputs) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the model's tensor ", name, " has ", scales,
        " channel scales, not one for each of ", outputs, " outputs"));
  }
  return tensor;
}

absl::StatusOr<std::vector<float>> BytePlan::Values(const std::string& name,
                                                    int64_t count) const {
  ASSIGN_OR_RETURN(const PackedTensor* const tensor, Tensor(name, count));
  return ValuesOf(*model_, *tensor);
}

}  // namespace tritlab
