#include "onnx/export_network.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "models/shape_inference.h"
#include "onnx/channel_order.h"
#include "onnx/export_operators.h"
#include "onnx/model_builder.h"
#include "training/position.pb.h"

namespace tritlab {
namespace {

constexpr int64_t kOpset = 13;

class NetworkExport {
 public:
  explicit NetworkExport(const NetworkToExport& network)
      : network_(network), builder_(network.graph.name(), kOpset) {}

  absl::StatusOr<onnx::ModelProto> Run() {
    const Graph& graph = network_.graph;
    ASSIGN_OR_RETURN(shaped_, InferShapes(graph, /*batch=*/1));
    for (const auto& [key, value] : network_.notes) builder_.Note(key, value);
    for (int i = 0; i < graph.nodes_size(); ++i) RETURN_IF_ERROR(Append(i));
    AppendLogits(graph, shaped_.shapes.back(), outputs_.back(), builder_);
    return std::move(builder_.model());
  }

 private:
  const Shape& InputShape(int i) const {
    return shaped_.shapes[shaped_.inputs[i][0]];
  }

  absl::Status Append(int i) {
    const Node& node = network_.graph.nodes(i);
    std::vector<std::string> inputs;
    for (const int input : shaped_.inputs[i]) inputs.push_back(outputs_[input]);
    switch (node.operator_case()) {
      case Node::kInput:
        outputs_.push_back(AppendImage(network_.graph, builder_));
        return absl::OkStatus();
      case Node::kConvolution: {
        const ConvolutionShape shape =
            ShapeOf(node.convolution(), InputShape(i));
        const int64_t channels = shape.input.channels / shape.groups;
        ASSIGN_OR_RETURN(const auto* weights,
                         Values(node, "weights", shape.weight_count()));
        inputs.push_back(
            builder_.Tensor(node.name() + ".weight",
                            {shape.out_channels, channels, shape.kernel_height,
                             shape.kernel_width},
                            std::span<const float>(ChannelsFirst<float>(
                                *weights, shape.out_channels, channels))));
        if (shape.bias) {
          ASSIGN_OR_RETURN(
              const std::string bias,
              ByChannel(node, "bias", ".bias", shape.out_channels));
          inputs.push_back(bias);
        }
        outputs_.push_back(AppendConv(shape, node.name(), inputs, builder_));
        return absl::OkStatus();
      }
      case Node::kLinear: {
        const LinearShape shape = ShapeOf(node.linear(), InputShape(i));
        ASSIGN_OR_RETURN(
            const auto* weights,
            Values(node, "weights", shape.in_features * shape.out_features));
        const std::string matrix = builder_.Tensor(
            node.name() + ".weight", {shape.out_features, shape.in_features},
            std::span<const float>(ChannelsFirst<float>(
                *weights, shape.out_features, InputShape(i).channels)));
        ASSIGN_OR_RETURN(const std::string bias,
                         ByChannel(node, "bias", ".bias", shape.out_features));
        outputs_.push_back(
            AppendGemm(node.name(), inputs[0], matrix, bias, builder_));
        return absl::OkStatus();
      }
      case Node::kBatchNormalization:
        return AppendNormalization(node, InputShape(i).channels,
                                   std::move(inputs));
      default:
        outputs_.push_back(
            AppendWithoutWeights(node, InputShape(i), inputs, builder_));
        return absl::OkStatus();
    }
  }

  absl::Status AppendNormalization(const Node& node, int64_t channels,
                                   std::vector<std::string> inputs) {
    for (const auto& [suffix, name] :
         {std::pair{"scale", ".weight"}, std::pair{"shift", ".bias"},
          std::pair{"mean", ".running_mean"},
          std::pair{"variance", ".running_var"}}) {
      ASSIGN_OR_RETURN(const std::string tensor,
                       ByChannel(node, suffix, name, channels));
      inputs.push_back(tensor);
    }
    outputs_.push_back(
        builder_.Node("BatchNormalization", node.name(), inputs));
    builder_.Set("epsilon", node.batch_normalization().epsilon());
    return absl::OkStatus();
  }

  absl::StatusOr<const std::vector<float>*> Values(const Node& node,
                                                   absl::string_view suffix,
                                                   int64_t count) const {
    const std::string name = absl::StrCat(node.name(), "/", suffix);
    const auto found = network_.tensors.find(name);
    if (found == network_.tensors.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the network has no tensor ", name));
    }
    if (static_cast<int64_t>(found->second.size()) != count) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " has ",
                                                     found->second.size(),
                                                     " values, not ", count));
    }
    return &found->second;
  }

  absl::StatusOr<std::string> ByChannel(const Node& node,
                                        absl::string_view suffix,
                                        absl::string_view onnx_suffix,
                                        int64_t channels) {
    ASSIGN_OR_RETURN(const std::vector<float>* values,
                     Values(node, suffix, channels));
    return builder_.Tensor(absl::StrCat(node.name(), onnx_suffix), {channels},
                           std::span<const float>(*values));
  }

  const NetworkToExport& network_;
  ModelBuilder builder_;
  ShapedGraph shaped_;
  std::vector<std::string> outputs_;  // [node]
};

// Of what the network computes beside its graph.
absl::Status QuantizedActivationsError() {
  return absl::UnimplementedError(
      "its layers quantize what they read, for which there is no form in ONNX "
      "yet; export a network whose policy quantizes no activations");
}

// PACT's layers have learned their clips; all that quantize what they read have
// been counted twice at the end of their phase.
bool QuantizesActivations(const Checkpoint& checkpoint) {
  for (const auto& [name, values] : checkpoint.tensors) {
    if (absl::EndsWith(name, "#alpha")) return true;
  }
  TrainingPosition position;
  if (!position.ParseFromString(checkpoint.position)) return false;
  const auto& layers = position.activations().layers();
  return std::any_of(layers.begin(), layers.end(),
                     [](const LayerActivations& layer) {
                       return layer.has_zeros_before_quantization();
                     });
}

}  // namespace

std::map<std::string, std::string> NotesOf(
    const PackedModelDescription& model) {
  std::map<std::string, std::string> notes;
  if (!model.origin().empty()) notes["origin"] = model.origin();
  if (model.mean_size() > 0) {
    notes["mean"] = absl::StrJoin(model.mean(), " ");
    notes["deviation"] = absl::StrJoin(model.deviation(), " ");
    notes["input"] = "(pixel / 255 - mean) / deviation";
  }
  if (model.classes_size() > 0)
    notes["classes"] = absl::StrJoin(model.classes(), "\n");
  return notes;
}

absl::StatusOr<NetworkToExport> NetworkOf(const PackedModel& model) {
  if (!model.description.why_no_integer_form().empty())
    return QuantizedActivationsError();
  NetworkToExport network;
  network.graph = model.description.graph();
  network.notes = NotesOf(model.description);
  for (const PackedTensor& tensor : model.description.tensors()) {
    ASSIGN_OR_RETURN(network.tensors[tensor.name()], ValuesOf(model, tensor));
  }
  // There, scale and shift have taken in mean and variance.
  for (const Node& node : network.graph.nodes()) {
    if (!node.has_batch_normalization()) continue;
    const size_t channels =
        network.tensors[absl::StrCat(node.name(), "/scale")].size();
    network.tensors[absl::StrCat(node.name(), "/mean")].assign(channels, 0);
    network.tensors[absl::StrCat(node.name(), "/variance")].assign(
        channels, 1 - node.batch_normalization().epsilon());
  }
  return network;
}

absl::StatusOr<NetworkToExport> NetworkOf(Checkpoint checkpoint) {
  if (QuantizesActivations(checkpoint)) return QuantizedActivationsError();
  return NetworkToExport{.graph = std::move(checkpoint.graph),
                         .tensors = std::move(checkpoint.tensors),
                         .notes = {}};
}

absl::StatusOr<onnx::ModelProto> ExportNetwork(const NetworkToExport& network) {
  return NetworkExport(network).Run();
}

}  // namespace tritlab
