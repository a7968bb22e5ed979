// ONNX's own test data, where Debian's libonnx-testdata is installed: the node
// tests of every operator that is imported, and whole networks.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/status_macros.h"
#include "gtest/gtest.h"
#include "onnx/constant.h"
#include "onnx/import_network.h"
#include "onnx/model_for_tests.h"
#include "onnx/onnx_file.h"

namespace tritlab {
namespace {

std::string Folder() {
  const char* folder = std::getenv("ONNX_TESTDATA");
  return folder == nullptr ? "/usr/share/libonnx-testdata/data" : folder;
}

onnx::TensorProto ReadTensor(const std::string& path) {
  onnx::TensorProto tensor;
  const auto bytes = ReadFile(path);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_TRUE(bytes.ok() && tensor.ParseFromString(*bytes)) << path;
  return tensor;
}

std::vector<float> ValuesOf(const onnx::TensorProto& tensor) {
  const auto constant = Constant::FromTensor(tensor);
  EXPECT_TRUE(constant.ok()) << constant.status();
  return constant.ok() ? constant->Floats() : std::vector<float>();
}

// With extents of 1 at the end, up to four.
std::vector<int64_t> AsImage(const onnx::TensorProto& tensor) {
  std::vector<int64_t> extents(tensor.dims().begin(), tensor.dims().end());
  extents.resize(4, 1);
  return extents;
}

void ExpectNear(const std::vector<float>& values,
                const std::vector<float>& wanted, float tolerance) {
  ASSERT_EQ(values.size(), wanted.size());
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_NEAR(values[i], wanted[i],
                tolerance * std::max(1.0f, std::abs(wanted[i])))
        << "value " << i;
  }
}

// A node test, and how many of its inputs are computed: these are put one
// behind the other as channels of one image, and convolutions take them apart.
struct NodeTest {
  const char* name;
  int activations = 1;
  bool is_matrix = false;  // its input is flat
};

class NodeTestdata : public testing::TestWithParam<NodeTest> {};

TEST_P(NodeTestdata, GivesWhatIsExpected) {
  const NodeTest& test = GetParam();
  const std::string folder = Folder() + "/node/" + test.name;
  if (!FileExists(folder))
    GTEST_SKIP() << folder << " is not there: install libonnx-testdata";
  const auto read = ReadOnnxModel(folder + "/model.onnx");
  ASSERT_TRUE(read.ok()) << read.status();
  const onnx::NodeProto& node = read->graph().node(0);
  const std::string data = folder + "/test_data_set_0";

  std::vector<onnx::TensorProto> inputs;
  while (FileExists(data + "/input_" + std::to_string(inputs.size()) + ".pb"))
    inputs.push_back(
        ReadTensor(data + "/input_" + std::to_string(inputs.size()) + ".pb"));
  const onnx::TensorProto output = ReadTensor(data + "/output_0.pb");
  const std::vector<float> wanted = ValuesOf(output);

  std::vector<int64_t> image = AsImage(inputs[0]);
  const int64_t batch = image[0];
  std::vector<float> images;
  for (int64_t n = 0; n < batch; ++n) {
    for (int i = 0; i < test.activations; ++i) {
      const std::vector<float> values = ValuesOf(inputs[i]);
      const auto size = static_cast<int64_t>(values.size()) / batch;
      images.insert(images.end(), values.begin() + n * size,
                    values.begin() + (n + 1) * size);
    }
  }
  std::vector<int64_t> channels;
  int64_t all_channels = 0;
  for (int i = 0; i < test.activations; ++i) {
    channels.push_back(AsImage(inputs[i])[1]);
    all_channels += channels.back();
  }
  image[1] = all_channels;

  // Operators that have not changed since are said in their first version's.
  ModelForTests model(image,
                      std::max<int64_t>(read->opset_import(0).version(), 7));
  int64_t before = 0;
  for (int i = 0; i < test.activations; ++i) {
    const std::string name = node.input(i);
    std::vector<float> selection(channels[i] * all_channels);
    for (int64_t c = 0; c < channels[i]; ++c)
      selection[c * all_channels + before + c] = 1;
    before += channels[i];
    const std::string weights = model.Tensor(
        "select_" + name, {channels[i], all_channels, 1, 1}, selection);
    if (test.is_matrix) {
      model.Node("Conv", "image_" + name, {"image", weights});
      model.Node("Flatten", name, {"image_" + name});
    } else {
      model.Node("Conv", name, {"image", weights});
    }
  }
  for (size_t i = test.activations; i < inputs.size(); ++i) {
    inputs[i].set_name(node.input(static_cast<int>(i)));
    *model.model().mutable_graph()->add_initializer() = inputs[i];
  }
  *model.model().mutable_graph()->add_node() = node;
  const bool ends = node.op_type() == "Softmax";
  if (!ends) {
    const auto size = static_cast<int64_t>(wanted.size()) / batch;
    std::vector<float> identity(size * size);
    for (int64_t i = 0; i < size; ++i) identity[i * size + i] = 1;
    model.Tensor("tritlab_identity", {size, size}, identity);
    model.Node("Flatten", "tritlab_flat", {node.output(0)});
    model.Node("MatMul", "tritlab_values",
               {"tritlab_flat", "tritlab_identity"});
  }
  const auto network = ImportNetwork(model.Model(), {});
  ASSERT_TRUE(network.ok()) << network.status();
  auto values = RunNetwork(*network, images);
  ASSERT_TRUE(values.ok()) << values.status();
  if (ends) {
    double sum = 0;
    for (float& value : *values) sum += value = std::exp(value);
    for (float& value : *values) value = static_cast<float>(value / sum);
  }
  ExpectNear(*values, wanted, 1e-4f);
}

INSTANTIATE_TEST_SUITE_P(Operators, NodeTestdata,
                         testing::ValuesIn(std::vector<NodeTest>{
                             {"test_add", 2},
                             {"test_averagepool_2d_ceil"},
                             {"test_averagepool_2d_default"},
                             {"test_averagepool_2d_pads"},
                             {"test_averagepool_2d_precomputed_pads"},
                             {"test_averagepool_2d_precomputed_same_upper"},
                             {"test_averagepool_2d_precomputed_strides"},
                             {"test_averagepool_2d_strides"},
                             {"test_basic_conv_with_padding"},
                             {"test_basic_conv_without_padding"},
                             {"test_batchnorm_epsilon"},
                             {"test_batchnorm_example"},
                             {"test_concat_2d_axis_1", 2},
                             {"test_concat_3d_axis_1", 2},
                             {"test_conv_with_autopad_same"},
                             {"test_conv_with_strides_no_padding"},
                             {"test_conv_with_strides_padding"},
                             {"test_dropout_default"},
                             {"test_dropout_default_ratio"},
                             {"test_flatten_axis1"},
                             {"test_flatten_default_axis"},
                             {"test_flatten_negative_axis3"},
                             {"test_gemm_alpha", 1, true},
                             {"test_gemm_beta", 1, true},
                             {"test_gemm_default_no_bias", 1, true},
                             {"test_gemm_default_scalar_bias", 1, true},
                             {"test_gemm_default_vector_bias", 1, true},
                             {"test_gemm_transposeB", 1, true},
                             {"test_globalaveragepool"},
                             {"test_globalaveragepool_precomputed"},
                             {"test_globalmaxpool"},
                             {"test_globalmaxpool_precomputed"},
                             {"test_identity"},
                             {"test_lrn"},
                             {"test_lrn_default"},
                             {"test_matmul_2d", 1, true},
                             {"test_maxpool_2d_ceil"},
                             {"test_maxpool_2d_default"},
                             {"test_maxpool_2d_pads"},
                             {"test_maxpool_2d_precomputed_pads"},
                             {"test_maxpool_2d_precomputed_same_upper"},
                             {"test_maxpool_2d_precomputed_strides"},
                             {"test_maxpool_2d_strides"},
                             {"test_relu"},
                             {"test_softmax_example", 1, true},
                             {"test_sum_one_input"},
                             {"test_sum_two_inputs", 2},
                             {"test_sum_example", 3},
                         }),
                         [](const testing::TestParamInfo<NodeTest>& info) {
                           return std::string(info.param.name);
                         });

// Published architectures, all of whose weights are one number, and what they
// should give for an image that counts up from 0 to 1.
class LightModel : public testing::TestWithParam<const char*> {};

TEST_P(LightModel, GivesWhatIsExpected) {
  const std::string stem = Folder() + "/light/light_" + GetParam();
  if (!FileExists(stem + ".onnx"))
    GTEST_SKIP() << stem << ".onnx is not there: install libonnx-testdata 1.17";
  const auto model = ReadOnnxModel(stem + ".onnx");
  ASSERT_TRUE(model.ok()) << model.status();
  const auto network = ImportNetwork(*model, {});
  ASSERT_TRUE(network.ok()) << network.status();
  const InputOperator& image = network->graph.nodes(0).input();
  const int64_t size = image.height() * image.width() * image.channels();
  std::vector<float> values(size);
  for (int64_t i = 0; i < size; ++i)
    values[i] =
        static_cast<float>(static_cast<double>(i) / static_cast<double>(size));
  auto logits = RunNetwork(*network, values);
  ASSERT_TRUE(logits.ok()) << logits.status();
  if (!network->notes.empty()) {
    const float largest = *std::max_element(logits->begin(), logits->end());
    double sum = 0;
    for (float& value : *logits) sum += value = std::exp(value - largest);
    for (float& value : *logits) value = static_cast<float>(value / sum);
  }
  ExpectNear(*logits, ValuesOf(ReadTensor(stem + "_output_0.pb")), 1e-4f);
}

INSTANTIATE_TEST_SUITE_P(Networks, LightModel,
                         testing::Values("bvlc_alexnet", "inception_v1",
                                         "resnet50", "squeezenet", "vgg19",
                                         "zfnet512"),
                         [](const testing::TestParamInfo<const char*>& info) {
                           return std::string(info.param);
                         });

}  // namespace
}  // namespace tritlab
