// What the importers of ONNX's operators work on: the network as it grows, and
// the values of the model that are known so far.
#ifndef TRITLAB_ONNX_IMPORT_CONTEXT_H_
#define TRITLAB_ONNX_IMPORT_CONTEXT_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kernels/tensor.h"
#include "models/graph.pb.h"
#include "onnx/constant.h"
#include "onnx/import_network.h"
#include "onnx/onnx.pb.h"

namespace tritlab {

// Pixels of zeros around an image.
struct Border {
  int64_t top = 0, left = 0, bottom = 0, right = 0;

  bool empty() const { return (top | left | bottom | right) == 0; }
};

// A value of the ONNX model. Reshaping, ONNX's order of channels and pixels
// included, moves nothing: values of other extents name the same node.
struct ImportedValue {
  enum class Kind {
    kUnknown,     // of a node that could not be imported
    kConstant,    // stated by the model
    kActivation,  // what a node of the network gives
  };
  Kind kind = Kind::kUnknown;
  Constant constant = {};

  // Of activations:
  std::string node;  // of the network, that gives it
  // In ONNX's order: batch, channels, height, width; or, flattened, batch and
  // the rest.
  std::vector<int64_t> extents = {};
  Shape shape = {};  // what the node gives
  // Whether no other value of the model shows what the node gives, up to here.
  bool only_view = true;
  Border border = {};  // a Pad that the next convolution has to do

  bool is_image() const { return extents.size() == 4; }
};

class ImportContext {
 public:
  // options.output must be set.
  ImportContext(const std::string& name, int64_t opset,
                const ImportOptions& options);

  int64_t opset() const { return opset_; }
  // The value of the model that is the network's output.
  const std::string& output() const { return options_.output; }
  ImportedNetwork& network() { return network_; }

  // How many nodes read a value of the model; its outputs count, too.
  void CountUse(const std::string& value) { ++uses_[value]; }
  int uses(const std::string& value) const {
    const auto found = uses_.find(value);
    return found == uses_.end() ? 0 : found->second;
  }

  // nullptr where no node before has given it.
  const ImportedValue* Find(const std::string& value) const {
    const auto found = values_.find(value);
    return found == values_.end() ? nullptr : &found->second;
  }
  void Set(const std::string& name, ImportedValue value) {
    values_[name] = std::move(value);
  }

  // Whether this value is all that is read of the node behind it: what follows
  // may become part of that node.
  bool IsOnlyReader(const std::string& name, const ImportedValue& value) const {
    return value.only_view && uses(name) == 1;
  }

  // Appends a node under a name like `wanted` that none has yet: letters,
  // digits and "_-./:" as they are, anything else as "_".
  Node* Append(absl::string_view wanted,
               const std::vector<std::string>& inputs);
  // A node that was appended; nullptr where there is none of that name.
  Node* FindNode(const std::string& name);

  // Adds what a layer is to be made of, or a constant. ResourceExhausted when
  // all of them together would not fit into the machine's memory, or are more
  // than the options allow; ask before taking memory for them.
  absl::Status ReserveValues(int64_t count);
  std::vector<float>& Tensor(const Node& node, absl::string_view suffix);

 private:
  const ImportOptions options_;
  const int64_t opset_;
  ImportedNetwork network_;
  std::map<std::string, int> uses_;
  std::map<std::string, ImportedValue> values_;
  std::map<std::string, int> nodes_;     // index into the graph
  std::map<std::string, int> repeated_;  // how often a name was wanted again
  int64_t reserved_ = 0;
};

// One node of the model, as its importer sees it.
class ImportedNode {
 public:
  ImportedNode(const onnx::NodeProto& proto, ImportContext& context)
      : proto_(proto), context_(context) {}

  const onnx::NodeProto& proto() const { return proto_; }
  ImportContext& context() const { return context_; }
  int64_t opset() const { return context_.opset(); }

  int inputs() const { return proto_.input_size(); }
  // Whether the model gives this input: optional ones may be left out.
  bool has_input(int i) const {
    return i >= 0 && i < inputs() && !proto_.input(i).empty();
  }
  // Whether all inputs are stated by the model.
  bool has_only_constants() const;
  // InvalidArgument when the input is left out or of the other kind.
  absl::StatusOr<const ImportedValue*> Activation(int i) const;
  // The same, that has a height and a width and no border left to do.
  absl::StatusOr<const ImportedValue*> Image(int i) const;
  absl::StatusOr<const Constant*> ConstantInput(int i) const;
  // The integers of an input, in operators whose older versions have an
  // attribute of the name instead. InvalidArgument when it is computed.
  absl::StatusOr<std::vector<int64_t>> Integers(
      int input, absl::string_view attribute,
      const std::vector<int64_t>& otherwise = {}) const;

  // A name for the network's node: what weights are called without ".weight"
  // and the like, or the node's own name, or its output's.
  std::string Name(int weights_input = -1) const;

  // What the node's first output is from now on.
  void Give(const Node& node, const Shape& shape,
            std::vector<int64_t> extents) const;
  // ResourceExhausted as ReserveValues.
  absl::Status Give(Constant constant) const;
  // The input under other extents.
  void GiveView(int input, std::vector<int64_t> extents,
                const Border& border = {}) const;

 private:
  const onnx::NodeProto& proto_;
  ImportContext& context_;
};

}  // namespace tritlab

#endif  // TRITLAB_ONNX_IMPORT_CONTEXT_H_
