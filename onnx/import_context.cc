#include "onnx/import_context.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/memory.h"
#include "base/status_macros.h"
#include "onnx/node_attributes.h"

namespace tritlab {
namespace {

std::string WithoutOtherCharacters(absl::string_view name) {
  constexpr absl::string_view kKept = "_-./:";
  std::string kept(absl::StripPrefix(name, "/"));
  for (char& c : kept) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        kKept.find(c) == absl::string_view::npos)
      c = '_';
  }
  return kept.empty() ? "network" : kept;
}

}  // namespace

ImportContext::ImportContext(const std::string& name, int64_t opset,
                             const ImportOptions& options)
    : options_(options), opset_(opset) {
  network_.graph.set_name(WithoutOtherCharacters(name));
  network_.graph.set_description("imported from ONNX");
}

Node* ImportContext::Append(absl::string_view wanted,
                            const std::vector<std::string>& inputs) {
  const std::string base = WithoutOtherCharacters(wanted);
  std::string name = base;
  const int index = network_.graph.nodes_size();
  while (!nodes_.try_emplace(name, index).second)
    name = absl::StrCat(base, "_", ++repeated_[base] + 1);
  Node* node = network_.graph.add_nodes();
  node->set_name(name);
  for (const std::string& input : inputs) node->add_inputs(input);
  return node;
}

Node* ImportContext::FindNode(const std::string& name) {
  const auto found = nodes_.find(name);
  return found == nodes_.end() ? nullptr
                               : network_.graph.mutable_nodes(found->second);
}

absl::Status ImportContext::ReserveValues(int64_t count) {
  reserved_ += count;
  if (reserved_ > options_.most_values) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "its layers and constants have more than ", options_.most_values,
        " values, which is all that may be taken"));
  }
  return CheckMemory("the network's weights",
                     static_cast<double>(reserved_) * sizeof(float),
                     "import a smaller network");
}

std::vector<float>& ImportContext::Tensor(const Node& node,
                                          absl::string_view suffix) {
  return network_.tensors[absl::StrCat(node.name(), "/", suffix)];
}

bool ImportedNode::has_only_constants() const {
  for (const std::string& input : proto_.input()) {
    if (input.empty()) continue;
    const ImportedValue* value = context_.Find(input);
    if (value == nullptr || value->kind != ImportedValue::Kind::kConstant)
      return false;
  }
  return true;
}

absl::StatusOr<const ImportedValue*> ImportedNode::Activation(int i) const {
  if (!has_input(i))
    return absl::InvalidArgumentError(absl::StrCat("it lacks input ", i));
  const ImportedValue* value = context_.Find(proto_.input(i));
  if (value == nullptr || value->kind != ImportedValue::Kind::kActivation) {
    return absl::InvalidArgumentError(absl::StrCat(
        "input ", proto_.input(i), " does not depend on the image"));
  }
  if (!value->border.empty() && proto_.op_type() != "Conv") {
    return absl::UnimplementedError(
        absl::StrCat("input ", proto_.input(i),
                     " is padded, which only a convolution can do"));
  }
  return value;
}

absl::StatusOr<const ImportedValue*> ImportedNode::Image(int i) const {
  ASSIGN_OR_RETURN(const ImportedValue* value, Activation(i));
  if (!value->is_image()) {
    return absl::UnimplementedError(absl::StrCat(
        "input ", proto_.input(i), " is ", ExtentsToString(value->extents),
        ", not batch, channels, height and width"));
  }
  return value;
}

absl::StatusOr<const Constant*> ImportedNode::ConstantInput(int i) const {
  if (!has_input(i))
    return absl::InvalidArgumentError(absl::StrCat("it lacks input ", i));
  const ImportedValue* value = context_.Find(proto_.input(i));
  if (value == nullptr || value->kind != ImportedValue::Kind::kConstant) {
    return absl::UnimplementedError(absl::StrCat(
        "input ", proto_.input(i), " is computed, where values are needed"));
  }
  return &value->constant;
}

absl::StatusOr<std::vector<int64_t>> ImportedNode::Integers(
    int input, absl::string_view attribute,
    const std::vector<int64_t>& otherwise) const {
  if (!has_input(input)) return IntegersAttribute(proto_, attribute, otherwise);
  ASSIGN_OR_RETURN(const Constant* constant, ConstantInput(input));
  if (!constant->is_integer()) {
    return absl::InvalidArgumentError(
        absl::StrCat("input ", proto_.input(input), " must be integers"));
  }
  return constant->integers();
}

std::string ImportedNode::Name(int weights_input) const {
  if (has_input(weights_input)) {
    absl::string_view weights = proto_.input(weights_input);
    for (const absl::string_view suffix :
         {".weight", "/weight", "_weight", "/weights", "_w_0", "_s_0"}) {
      if (absl::ConsumeSuffix(&weights, suffix) && !weights.empty())
        return std::string(weights);
    }
  }
  if (!proto_.name().empty()) return proto_.name();
  return proto_.output_size() > 0 ? proto_.output(0) : proto_.op_type();
}

void ImportedNode::Give(const Node& node, const Shape& shape,
                        std::vector<int64_t> extents) const {
  ImportedValue value;
  value.kind = ImportedValue::Kind::kActivation;
  value.node = node.name();
  value.shape = shape;
  value.extents = std::move(extents);
  context_.Set(proto_.output(0), std::move(value));
}

absl::Status ImportedNode::Give(Constant constant) const {
  // Every value of the model keeps integers of its own.
  constexpr int64_t kValues = sizeof(int64_t) / sizeof(float);
  RETURN_IF_ERROR(context_.ReserveValues(
      kValues * static_cast<int64_t>(constant.integers().size())));
  ImportedValue value;
  value.kind = ImportedValue::Kind::kConstant;
  value.constant = std::move(constant);
  context_.Set(proto_.output(0), std::move(value));
  return absl::OkStatus();
}

void ImportedNode::GiveView(int input, std::vector<int64_t> extents,
                            const Border& border) const {
  ImportedValue value = *context_.Find(proto_.input(input));
  value.only_view = context_.IsOnlyReader(proto_.input(input), value);
  value.extents = std::move(extents);
  value.border = border;
  context_.Set(proto_.output(0), std::move(value));
}

}  // namespace tritlab
