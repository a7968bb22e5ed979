#include "onnx/onnx_file.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

// More than a file may hold beside tensors' values.
constexpr size_t kTooMuch = (16 << 20) + 100;

// A field of text, bytes or a message, as it lies in a file.
std::string Field(int number, absl::string_view content) {
  std::string field(1, static_cast<char>(number << 3 | 2));
  size_t length = content.size();
  for (; length >= 128; length >>= 7)
    field.push_back(static_cast<char>(length | 128));
  field.push_back(static_cast<char>(length));
  return absl::StrCat(field, content);
}

std::string ModelOf(absl::string_view graph) {
  onnx::ModelProto model;
  model.add_opset_import()->set_version(13);
  return model.SerializeAsString() +
         Field(onnx::ModelProto::kGraphFieldNumber, graph);
}

// So many empty messages of two bytes that they are too much.
std::string Empty(int number) {
  const std::string empty = Field(number, "");
  std::string fields;
  while (fields.size() < kTooMuch) fields += empty;
  return fields;
}

std::string NodeWith(absl::string_view attributes) {
  return Field(onnx::GraphProto::kNodeFieldNumber, attributes);
}

// Protects: small messages, which take a hundred times their bytes in memory,
// are refused before they take any, wherever they are; a few of them, and many
// numbers, are read.
TEST(OnnxFileTest, ManySmallMessagesAreRefused) {
  const int attribute = onnx::NodeProto::kAttributeFieldNumber;
  for (const std::string& graph :
       {Empty(onnx::GraphProto::kNodeFieldNumber),
        Empty(onnx::GraphProto::kInitializerFieldNumber),
        NodeWith(Empty(attribute)),
        NodeWith(Field(attribute,
                       Empty(onnx::AttributeProto::kGraphsFieldNumber)))}) {
    EXPECT_THAT(
        std::string(ParseOnnxModel(ModelOf(graph), "a").status().message()),
        HasSubstr("are no tensor's values"));
  }

  const std::string tensor =
      Field(onnx::TensorProto::kRawDataFieldNumber, std::string(kTooMuch, 'x'));
  const std::string initializer =
      Field(onnx::GraphProto::kInitializerFieldNumber, tensor);
  const std::string constant = NodeWith(
      Field(attribute, Field(onnx::AttributeProto::kTFieldNumber, tensor)));
  const auto model =
      ParseOnnxModel(ModelOf(absl::StrCat(initializer, constant)), "a");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->graph().initializer(0).raw_data().size(), kTooMuch);
  EXPECT_EQ(model->graph().node(0).attribute(0).t().raw_data().size(),
            kTooMuch);
}

TEST(OnnxFileTest, DamagedModelsAreRefused) {
  const std::string whole =
      ModelOf(Field(onnx::GraphProto::kNameFieldNumber, "network"));
  ASSERT_TRUE(ParseOnnxModel(whole, "a").ok());
  const std::string group = "\x0b\x0c";  // of field 1, as ONNX has none
  for (const std::string& damaged :
       {std::string(), whole.substr(0, whole.size() - 1), whole + '\0',
        whole + '\x3a', ModelOf(NodeWith("\x2a\x01")), whole + group,
        ModelOf(group)}) {
    EXPECT_THAT(std::string(ParseOnnxModel(damaged, "a").status().message()),
                HasSubstr("a: this is no ONNX model"));
  }
}

}  // namespace
}  // namespace tritlab
