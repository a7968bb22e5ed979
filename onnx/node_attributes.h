// What an ONNX node says beside its inputs and outputs.
#ifndef TRITLAB_ONNX_NODE_ATTRIBUTES_H_
#define TRITLAB_ONNX_NODE_ATTRIBUTES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "onnx/onnx.pb.h"

namespace tritlab {

// The attribute of that name; nullptr where the node has none.
inline const onnx::AttributeProto* FindAttribute(const onnx::NodeProto& node,
                                                 absl::string_view name) {
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    if (absl::string_view(attribute.name()) == name) return &attribute;
  }
  return nullptr;
}

// The four getters: the value of the attribute of that name, `otherwise` where
// the node has none. Of an attribute of another type, which ONNX does not
// allow, it is 0 or empty, as the message's unset field is; all that comes of
// it is judged like a value of that size in the file.
inline int64_t IntegerAttribute(const onnx::NodeProto& node,
                                absl::string_view name, int64_t otherwise) {
  const onnx::AttributeProto* attribute = FindAttribute(node, name);
  return attribute == nullptr ? otherwise : attribute->i();
}

inline float FloatAttribute(const onnx::NodeProto& node, absl::string_view name,
                            float otherwise) {
  const onnx::AttributeProto* attribute = FindAttribute(node, name);
  return attribute == nullptr ? otherwise : attribute->f();
}

inline std::string StringAttribute(const onnx::NodeProto& node,
                                   absl::string_view name,
                                   absl::string_view otherwise) {
  const onnx::AttributeProto* attribute = FindAttribute(node, name);
  return attribute == nullptr ? std::string(otherwise) : attribute->s();
}

inline std::vector<int64_t> IntegersAttribute(
    const onnx::NodeProto& node, absl::string_view name,
    const std::vector<int64_t>& otherwise = {}) {
  const onnx::AttributeProto* attribute = FindAttribute(node, name);
  if (attribute == nullptr) return otherwise;
  return {attribute->ints().begin(), attribute->ints().end()};
}

}  // namespace tritlab

#endif  // TRITLAB_ONNX_NODE_ATTRIBUTES_H_
