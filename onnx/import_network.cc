#include "onnx/import_network.h"

#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "base/one_line.h"
#include "base/status_macros.h"
#include "models/shape_inference.h"
#include "onnx/import_context.h"
#include "onnx/import_operators.h"

namespace tritlab {
namespace {

constexpr int64_t kOldestOpset = 7;
constexpr int64_t kNewestOpset = 25;
constexpr int64_t kMostImages = 65536;  // in a batch

OperatorImporters AllImporters() {
  OperatorImporters all;
  for (const OperatorImporters& some :
       {LayerImporters(), ElementwiseImporters(), PoolingImporters(),
        ReshapingImporters(), ConstantImporters()})
    all.insert(some.begin(), some.end());
  return all;
}

bool IsOnnxDomain(absl::string_view domain) {
  return domain.empty() || domain == "ai.onnx";
}

absl::StatusOr<int64_t> OpsetOf(const onnx::ModelProto& model) {
  for (const onnx::OperatorSetIdProto& opset : model.opset_import()) {
    if (!IsOnnxDomain(opset.domain())) continue;
    if (opset.version() >= kOldestOpset && opset.version() <= kNewestOpset)
      return opset.version();
    return absl::InvalidArgumentError(
        absl::StrCat("its operators are of opset ", opset.version(),
                     "; export it with ", kOldestOpset, " to ", kNewestOpset));
  }
  return absl::InvalidArgumentError("it names no opset of ONNX's operators");
}

// What a message calls a node.
std::string LabelOf(const onnx::NodeProto& node) {
  const std::string& name = !node.name().empty()      ? node.name()
                            : node.output_size() == 0 ? "a node without outputs"
                                                      : node.output(0);
  return absl::StrCat(name, " (", node.op_type(), ")");
}

class NetworkImport {
 public:
  NetworkImport(const onnx::ModelProto& model, int64_t opset,
                const ImportOptions& options)
      : graph_(model.graph()),
        options_(options),
        context_(model.graph().name(), opset, options) {}

  absl::StatusOr<ImportedNetwork> Run() {
    if (graph_.sparse_initializer_size() > 0)
      return absl::InvalidArgumentError("it has sparse tensors");
    for (const onnx::TensorProto& tensor : graph_.initializer()) {
      if (!initializers_.try_emplace(tensor.name(), &tensor).second) {
        return absl::InvalidArgumentError(
            absl::StrCat("two tensors are named ", tensor.name()));
      }
    }
    FindNeeded();
    RETURN_IF_ERROR(AppendImage());
    for (int i = 0; i < graph_.node_size(); ++i) {
      if (!needed_[i]) continue;
      const absl::Status status = ImportNode(graph_.node(i));
      if (status.ok()) continue;
      if (absl::IsResourceExhausted(status)) return status;
      problems_.push_back(
          absl::StrCat(LabelOf(graph_.node(i)), ": ", status.message()));
      for (const std::string& output : graph_.node(i).output())
        context_.Set(output, {});
    }
    if (!problems_.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          problems_.size(), " of its ", graph_.node_size(),
          " nodes cannot be imported: ", absl::StrJoin(problems_, "; ")));
    }
    RETURN_IF_ERROR(CheckOutput());
    RETURN_IF_ERROR(
        InferShapes(context_.network().graph, /*batch=*/1).status());
    return std::move(context_.network());
  }

 private:
  // Which nodes the output needs, and how many of them read each value.
  void FindNeeded() {
    needed_.assign(graph_.node_size(), false);
    std::set<std::string> values = {options_.output};
    context_.CountUse(options_.output);
    for (int i = graph_.node_size() - 1; i >= 0; --i) {
      const onnx::NodeProto& node = graph_.node(i);
      for (const std::string& output : node.output())
        needed_[i] = needed_[i] || (!output.empty() && values.contains(output));
      if (!needed_[i]) continue;
      for (const std::string& input : node.input()) {
        values.insert(input);
        context_.CountUse(input);
      }
    }
  }

  absl::Status AppendImage() {
    const onnx::ValueInfoProto* image = nullptr;
    for (const onnx::ValueInfoProto& input : graph_.input()) {
      // Older models list their tensors as inputs as well.
      if (initializers_.contains(input.name())) continue;
      if (context_.uses(input.name()) == 0) continue;
      if (image != nullptr) {
        return absl::InvalidArgumentError(absl::StrCat(
            "it has more than one input: ", image->name(), ", ", input.name()));
      }
      image = &input;
    }
    if (image == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("output ", options_.output,
                       " depends on no input (nodes must be sorted, without "
                       "cycles)"));
    }
    const auto& extents = image->type().tensor_type().shape();
    if (extents.dim_size() != 4) {
      return absl::InvalidArgumentError(absl::StrCat(
          "input ", image->name(), " has ", extents.dim_size(),
          " extents; an image has four: batch, channels, height, width"));
    }
    const auto extent = [&](int i) { return extents.dim(i).dim_value(); };
    const int64_t images = extent(0) > 0 ? extent(0) : 1;
    if (images > kMostImages) {
      return absl::InvalidArgumentError(
          absl::StrCat("input ", image->name(), " has a batch of ", images));
    }
    const Shape shape = {1, extent(2) > 0 ? extent(2) : options_.height,
                         extent(3) > 0 ? extent(3) : options_.width, extent(1)};
    if (shape.height <= 0 || shape.width <= 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("input ", image->name(),
                       " leaves its height and width open; say them with "
                       "--height and --width"));
    }
    if (shape.channels <= 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("input ", image->name(),
                       " leaves its channels open; export it with a fixed "
                       "number of them"));
    }
    Node* made = context_.Append("image", {});
    made->mutable_input()->set_height(shape.height);
    made->mutable_input()->set_width(shape.width);
    made->mutable_input()->set_channels(shape.channels);
    ImportedValue value;
    value.kind = ImportedValue::Kind::kActivation;
    value.node = made->name();
    value.shape = shape;
    value.extents = {images, shape.channels, shape.height, shape.width};
    RETURN_IF_ERROR(CountOf(value.extents).status());
    context_.Set(image->name(), std::move(value));
    return absl::OkStatus();
  }

  absl::Status ImportNode(const onnx::NodeProto& proto) {
    const auto importer = importers_.find(proto.op_type());
    if (importer == importers_.end() || !IsOnnxDomain(proto.domain()))
      return absl::UnimplementedError("no network here has such an operator");
    if (proto.output_size() == 0 || proto.output(0).empty())
      return absl::InvalidArgumentError("it lacks output 0");
    for (const std::string& output : proto.output()) {
      if (context_.Find(output) != nullptr || initializers_.contains(output)) {
        return absl::InvalidArgumentError(
            absl::StrCat("something before it gives ", output, " as well"));
      }
    }
    bool unknown = false;
    for (const std::string& input : proto.input()) {
      if (input.empty()) continue;
      if (context_.Find(input) == nullptr) RETURN_IF_ERROR(SetTensor(input));
      unknown |= context_.Find(input)->kind == ImportedValue::Kind::kUnknown;
    }
    if (unknown) {
      // Whatever is wrong with it is said already.
      for (const std::string& output : proto.output()) context_.Set(output, {});
      return absl::OkStatus();
    }
    return importer->second(ImportedNode(proto, context_));
  }

  absl::Status SetTensor(const std::string& name) {
    const auto found = initializers_.find(name);
    if (found == initializers_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("it reads ", name,
                       ", which no tensor and no node before it gives (nodes "
                       "must be sorted, "
                       "without cycles)"));
    }
    ImportedValue value;
    value.kind = ImportedValue::Kind::kConstant;
    ASSIGN_OR_RETURN(value.constant, Constant::FromTensor(*found->second));
    context_.Set(name, std::move(value));
    return absl::OkStatus();
  }

  absl::Status CheckOutput() {
    const ImportedValue* output = context_.Find(options_.output);
    const Graph& graph = context_.network().graph;
    if (output == nullptr || output->kind != ImportedValue::Kind::kActivation ||
        output->node != graph.nodes(graph.nodes_size() - 1).name() ||
        !output->border.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "output ", options_.output, " is not the end of a network"));
    }
    if (output->shape.height != 1 || output->shape.width != 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          "output ", options_.output, " is ", ExtentsToString(output->extents),
          ", not one number for each class"));
    }
    return absl::OkStatus();
  }

  const OperatorImporters importers_ = AllImporters();
  const onnx::GraphProto& graph_;
  const ImportOptions& options_;
  ImportContext context_;
  std::map<std::string, const onnx::TensorProto*> initializers_;
  std::vector<bool> needed_;  // [node]
  std::vector<std::string> problems_;
};

absl::StatusOr<ImportedNetwork> Import(const onnx::ModelProto& model,
                                       ImportOptions options) {
  ASSIGN_OR_RETURN(const int64_t opset, OpsetOf(model));
  if (options.output.empty()) {
    if (model.graph().output_size() != 1) {
      std::vector<std::string> names;
      for (const auto& output : model.graph().output())
        names.push_back(output.name());
      return absl::InvalidArgumentError(absl::StrCat(
          "it has ", names.size(), " outputs (", absl::StrJoin(names, ", "),
          "); say which one with --onnx_output"));
    }
    options.output = model.graph().output(0).name();
  }
  return NetworkImport(model, opset, options).Run();
}

}  // namespace

absl::StatusOr<ImportedNetwork> ImportNetwork(const onnx::ModelProto& model,
                                              const ImportOptions& options) {
  auto network = Import(model, options);
  if (network.ok()) return network;
  // Names come from the model.
  return absl::Status(network.status().code(),
                      OneLine(network.status().message()));
}

}  // namespace tritlab
