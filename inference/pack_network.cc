#include "inference/pack_network.h"

#include <cmath>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

absl::StatusOr<std::vector<float>> Find(const NetworkToPack& network,
                                        const std::string& name) {
  const auto found = network.values.find(name);
  if (found != network.values.end()) return found->second;
  return absl::InvalidArgumentError(
      absl::StrCat("the network has no tensor ", name));
}

absl::Status AddValues(const NetworkToPack& network, const std::string& name,
                       PackedModel& model) {
  ASSIGN_OR_RETURN(const std::vector<float> values, Find(network, name));
  AddTensor(name, values, model);
  return absl::OkStatus();
}

// y = scale (x - mean) / sqrt(variance + epsilon) + shift, as one product and
// one sum.
absl::Status AddNormalization(const NetworkToPack& network, const Node& node,
                              PackedModel& model) {
  ASSIGN_OR_RETURN(std::vector<float> scale,
                   Find(network, node.name() + "/scale"));
  ASSIGN_OR_RETURN(std::vector<float> shift,
                   Find(network, node.name() + "/shift"));
  ASSIGN_OR_RETURN(const std::vector<float> mean,
                   Find(network, node.name() + "/mean"));
  ASSIGN_OR_RETURN(const std::vector<float> variance,
                   Find(network, node.name() + "/variance"));
  const double epsilon = node.batch_normalization().epsilon();
  for (size_t c = 0; c < scale.size(); ++c) {
    const double folded = scale[c] / std::sqrt(variance[c] + epsilon);
    shift[c] = static_cast<float>(shift[c] - mean[c] * folded);
    scale[c] = static_cast<float>(folded);
  }
  AddTensor(node.name() + "/scale", scale, model);
  AddTensor(node.name() + "/shift", shift, model);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PackedModel> PackNetwork(const NetworkToPack& network,
                                        TernaryPacking packing) {
  PackedModel model;
  *model.description.mutable_graph() = network.graph;
  model.description.mutable_graph()->clear_training_heads();
  for (const Node& node : network.graph.nodes()) {
    if (node.has_batch_normalization()) {
      RETURN_IF_ERROR(AddNormalization(network, node, model));
      continue;
    }
    if (!node.has_convolution() && !node.has_linear()) continue;
    const std::string weights = node.name() + "/weights";
    const auto codes = network.codes.find(weights);
    if (codes != network.codes.end()) {
      RETURN_IF_ERROR(AddTensor(weights, codes->second, packing, model));
    } else {
      RETURN_IF_ERROR(AddValues(network, weights, model));
    }
    if (node.has_linear() || node.convolution().bias())
      RETURN_IF_ERROR(AddValues(network, node.name() + "/bias", model));
  }
  return model;
}

}  // namespace tritlab
