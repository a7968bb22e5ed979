// Puts an ONNX model together.
#ifndef TRITLAB_ONNX_MODEL_BUILDER_H_
#define TRITLAB_ONNX_MODEL_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "onnx/onnx.pb.h"

namespace tritlab {

// Calls that add a tensor or a node return its name, to be an input of the
// next ones.
class ModelBuilder {
 public:
  ModelBuilder(const std::string& name, int64_t opset);

  // Of f32; an extent of 0 is open and named "batch".
  std::string Input(const std::string& name,
                    const std::vector<int64_t>& extents);
  void Output(const std::string& name, const std::vector<int64_t>& extents);

  std::string Tensor(const std::string& name,
                     const std::vector<int64_t>& extents,
                     std::span<const float> values);
  std::string Tensor(const std::string& name,
                     const std::vector<int64_t>& extents,
                     std::span<const int64_t> values);
  std::string Tensor(const std::string& name,
                     const std::vector<int64_t>& extents,
                     std::span<const int32_t> values);
  std::string Tensor(const std::string& name,
                     const std::vector<int64_t>& extents,
                     std::span<const int8_t> values);
  std::string Tensor(const std::string& name,
                     const std::vector<int64_t>& extents,
                     std::span<const uint8_t> values);
  std::string Integers(const std::string& name,
                       const std::vector<int64_t>& values) {
    return Tensor(name, {static_cast<int64_t>(values.size())},
                  std::span<const int64_t>(values));
  }

  // A node with one output, which is named as the node is.
  std::string Node(const std::string& op, const std::string& name,
                   const std::vector<std::string>& inputs);
  // Attributes of the node that was added last.
  ModelBuilder& Set(const std::string& attribute, int64_t value);
  ModelBuilder& Set(const std::string& attribute, float value);
  ModelBuilder& SetAll(const std::string& attribute,
                       const std::vector<int64_t>& values);

  // What a reader of the file may want to know.
  void Note(const std::string& key, const std::string& value);

  onnx::ModelProto& model() { return model_; }
  const onnx::ModelProto& model() const { return model_; }

 private:
  std::string AddTensor(const std::string& name,
                        const std::vector<int64_t>& extents, int32_t type,
                        const void* values, size_t bytes);
  onnx::AttributeProto* AddAttribute(const std::string& name,
                                     onnx::AttributeProto::AttributeType type);

  onnx::ModelProto model_;
};

}  // namespace tritlab

#endif  // TRITLAB_ONNX_MODEL_BUILDER_H_
