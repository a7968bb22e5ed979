#include "onnx/model_builder.h"

namespace tritlab {
namespace {

using onnx::TensorProto;

// Of opset 13, which ONNX Runtime 1.7 and later read.
constexpr int64_t kIrVersion = 7;

void Describe(const std::string& name, const std::vector<int64_t>& extents,
              onnx::ValueInfoProto* value) {
  value->set_name(name);
  auto* tensor = value->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(TensorProto::FLOAT);
  for (const int64_t extent : extents) {
    auto* dimension = tensor->mutable_shape()->add_dim();
    if (extent > 0) {
      dimension->set_dim_value(extent);
    } else {
      dimension->set_dim_param("batch");
    }
  }
}

}  // namespace

ModelBuilder::ModelBuilder(const std::string& name, int64_t opset) {
  model_.set_ir_version(kIrVersion);
  model_.set_producer_name("tritlab");
  model_.add_opset_import()->set_version(opset);
  model_.mutable_graph()->set_name(name);
}

std::string ModelBuilder::Input(const std::string& name,
                                const std::vector<int64_t>& extents) {
  Describe(name, extents, model_.mutable_graph()->add_input());
  return name;
}

void ModelBuilder::Output(const std::string& name,
                          const std::vector<int64_t>& extents) {
  Describe(name, extents, model_.mutable_graph()->add_output());
}

std::string ModelBuilder::AddTensor(const std::string& name,
                                    const std::vector<int64_t>& extents,
                                    int32_t type, const void* values,
                                    size_t bytes) {
  TensorProto* tensor = model_.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(type);
  for (const int64_t extent : extents) tensor->add_dims(extent);
  tensor->set_raw_data(values, bytes);
  return name;
}

std::string ModelBuilder::Tensor(const std::string& name,
                                 const std::vector<int64_t>& extents,
                                 std::span<const float> values) {
  return AddTensor(name, extents, TensorProto::FLOAT, values.data(),
                   values.size_bytes());
}

std::string ModelBuilder::Tensor(const std::string& name,
                                 const std::vector<int64_t>& extents,
                                 std::span<const int64_t> values) {
  return AddTensor(name, extents, TensorProto::INT64, values.data(),
                   values.size_bytes());
}

std::string ModelBuilder::Tensor(const std::string& name,
                                 const std::vector<int64_t>& extents,
                                 std::span<const int32_t> values) {
  return AddTensor(name, extents, TensorProto::INT32, values.data(),
                   values.size_bytes());
}

std::string ModelBuilder::Tensor(const std::string& name,
                                 const std::vector<int64_t>& extents,
                                 std::span<const int8_t> values) {
  return AddTensor(name, extents, TensorProto::INT8, values.data(),
                   values.size_bytes());
}

std::string ModelBuilder::Tensor(const std::string& name,
                                 const std::vector<int64_t>& extents,
                                 std::span<const uint8_t> values) {
  return AddTensor(name, extents, TensorProto::UINT8, values.data(),
                   values.size_bytes());
}

std::string ModelBuilder::Node(const std::string& op, const std::string& name,
                               const std::vector<std::string>& inputs) {
  onnx::NodeProto* node = model_.mutable_graph()->add_node();
  node->set_op_type(op);
  node->set_name(name);
  for (const std::string& input : inputs) node->add_input(input);
  node->add_output(name);
  return name;
}

onnx::AttributeProto* ModelBuilder::AddAttribute(
    const std::string& name, onnx::AttributeProto::AttributeType type) {
  auto& nodes = *model_.mutable_graph()->mutable_node();
  onnx::AttributeProto* attribute = nodes[nodes.size() - 1].add_attribute();
  attribute->set_name(name);
  attribute->set_type(type);
  return attribute;
}

ModelBuilder& ModelBuilder::Set(const std::string& attribute, int64_t value) {
  AddAttribute(attribute, onnx::AttributeProto::INT)->set_i(value);
  return *this;
}

ModelBuilder& ModelBuilder::Set(const std::string& attribute, float value) {
  AddAttribute(attribute, onnx::AttributeProto::FLOAT)->set_f(value);
  return *this;
}

ModelBuilder& ModelBuilder::SetAll(const std::string& attribute,
                                   const std::vector<int64_t>& values) {
  onnx::AttributeProto* added =
      AddAttribute(attribute, onnx::AttributeProto::INTS);
  for (const int64_t value : values) added->add_ints(value);
  return *this;
}

void ModelBuilder::Note(const std::string& key, const std::string& value) {
  onnx::StringStringEntryProto* note = model_.add_metadata_props();
  note->set_key(key);
  note->set_value(value);
}

}  // namespace tritlab
