#include "onnx/export_quantized.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "inference/pack_network.h"
#include "models/graph_builder.h"

namespace tritlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Block {
  // Whether the residual is computed after the layer that it is added to, or
  // before.
  bool residual_is_later = false;
  CodedWeights codes = {
      .codes = {0, 1, 2, 1}, .codebook = {0, 0.5f, -0.5f}, .bits = 2};
  int64_t kernel = 1, groups = 1;  // of the layer with these codes
};

// A residual block with coded weights, and a classifier.
PackedModel Model(const Block& block = {}) {
  InputOperator image;
  image.set_height(4);
  image.set_width(4);
  image.set_channels(1);
  GraphBuilder net("small", image);
  std::string x = net.Convolution("conv1", "image", 2, 3, 1);
  std::string shortcut = net.Relu("relu1", net.BatchNormalization("bn1", x));
  x = net.BatchNormalization(
      "bn2", net.Convolution("conv2", shortcut, 2, block.kernel, 1,
                             block.kernel / 2, false, block.groups));
  if (block.residual_is_later) shortcut = net.ChannelPad("pad", shortcut, 0, 0);
  x = net.Relu("relu2", net.Add("add", shortcut, x));
  net.Linear("fc", net.GlobalAveragePool("pool", x), 2);
  NetworkToPack network;
  network.graph = net.graph();
  network.codes["conv2/weights"] = block.codes;
  network.values = {{"conv1/weights", std::vector<float>(18, 0.5f)},
                    {"fc/weights", {1, 2, 3, 4}},
                    {"fc/bias", {5, 6}}};
  for (const char* bn : {"bn1", "bn2"}) {
    const std::string name = bn;
    network.values[name + "/scale"] = {2, -3};
    network.values[name + "/shift"] = {1, -1};
    network.values[name + "/mean"] = {0, 1};
    network.values[name + "/variance"] = {0.25f, 4};
  }
  PackedModel model = *PackNetwork(network, TernaryPacking::kTrits);
  model.description.add_mean(0.5f);
  model.description.add_deviation(0.25f);
  for (int i = 0; i < network.graph.nodes_size(); ++i)
    model.description.add_clips(3);
  return model;
}

std::map<std::string, const onnx::TensorProto*> TensorsOf(
    const onnx::ModelProto& model) {
  std::map<std::string, const onnx::TensorProto*> tensors;
  for (const onnx::TensorProto& tensor : model.graph().initializer())
    tensors[tensor.name()] = &tensor;
  return tensors;
}

const onnx::NodeProto* Giver(const onnx::ModelProto& model,
                             const std::string& value) {
  for (const onnx::NodeProto& node : model.graph().node()) {
    if (node.output(0) == value) return &node;
  }
  return nullptr;
}

// Every product reads bytes, its weights and its bias included: what a runtime
// takes its integer kernels for.
TEST(ExportQuantized, ProductsReadBytes) {
  const auto model = ExportQuantized(Model());
  ASSERT_TRUE(model.ok()) << model.status();
  int products = 0;
  for (const onnx::NodeProto& node : model->graph().node()) {
    if (node.op_type() != "Conv" && node.op_type() != "Gemm") continue;
    ++products;
    ASSERT_EQ(node.input_size(), 3);
    for (const std::string& input : node.input()) {
      const onnx::NodeProto* giver = Giver(*model, input);
      ASSERT_NE(giver, nullptr) << input;
      EXPECT_EQ(giver->op_type(), "DequantizeLinear") << input;
    }
  }
  EXPECT_EQ(products, 3);
}

// The residual is rounded, what it is added to is not: as in IntegerProgram,
// whichever is computed first.
TEST(ExportQuantized, SumsAreRoundedOnce) {
  for (const bool residual_is_later : {false, true}) {
    const auto model =
        ExportQuantized(Model({.residual_is_later = residual_is_later}));
    ASSERT_TRUE(model.ok()) << model.status();
    const onnx::NodeProto* add = Giver(*model, "add");
    ASSERT_NE(add, nullptr);
    EXPECT_EQ(Giver(*model, add->input(0))->op_type(), "DequantizeLinear");
    EXPECT_EQ(Giver(*model, add->input(1))->op_type(), "Conv");
  }
}

// Ternary weights are three bytes, whatever their scales' signs; scales are
// positive, and so small that biases are well held.
TEST(ExportQuantized, WeightsAndScales) {
  const auto model = ExportQuantized(Model());
  ASSERT_TRUE(model.ok()) << model.status();
  const auto tensors = TensorsOf(*model);
  const std::string& bytes = tensors.at("conv2.weight.bytes")->raw_data();
  EXPECT_EQ(std::vector<int8_t>(bytes.begin(), bytes.end()),
            std::vector<int8_t>({0, 64, 64, -64}));
  const std::string& raw = tensors.at("conv2.weight.step")->raw_data();
  const auto* steps = reinterpret_cast<const float*>(raw.data());
  // 0.5 times scale / sqrt(variance), the second negative.
  EXPECT_NEAR(steps[0], 0.5 * 4 / 64, 1e-5);
  EXPECT_NEAR(steps[1], 0.5 * 1.5 / 64, 1e-5);
}

// Protects: INQ's weights of 128 steps, of either sign and with scales of
// either sign, are exact, where 127 is the largest byte: the layer reads its
// input twice, group by group.
TEST(ExportQuantized, WeightsOf128StepsAreExact) {
  const std::vector<float> codebook = {0, 128, 1, -128};
  const Block plain = {.codes = {.codes = {1, 2, 3, 2}, .codebook = codebook}};
  Block grouped = {
      .codes = {.codes = {}, .codebook = codebook}, .kernel = 3, .groups = 2};
  for (int k = 0; k < 18; ++k)
    grouped.codes.codes.push_back(static_cast<uint8_t>(k % 4));
  for (Block block : {plain, grouped}) {
    block.codes.bits = 5;
    const auto model = ExportQuantized(Model(block));
    ASSERT_TRUE(model.ok()) << model.status();
    const auto tensors = TensorsOf(*model);
    const onnx::TensorProto& weights = *tensors.at("conv2.weight.bytes");
    EXPECT_EQ(weights.dims(1), 2 * (2 / block.groups));
    const std::string& bytes = weights.raw_data();
    const size_t n = bytes.size() / 4;  // of an output's two products
    for (size_t k = 0; k < 2 * n; ++k) {
      const size_t output = k / n, at = output * 2 * n + k % n;
      const float sign = output == 0 ? 1 : -1;  // of its scale
      EXPECT_EQ(
          static_cast<int8_t>(bytes[at]) + static_cast<int8_t>(bytes[at + n]),
          sign * block.codes.value(k))
          << k;
    }
    const onnx::NodeProto* const twice = Giver(*model, "conv2.twice");
    ASSERT_NE(twice, nullptr);
    EXPECT_EQ(twice->op_type(), "Concat");
    EXPECT_EQ(twice->input(0), twice->input(1));
    EXPECT_EQ(twice->attribute(0).i(), block.groups > 1 ? 2 : 1);
    const onnx::NodeProto* const read =
        Giver(*model, Giver(*model, "bn2")->input(0));
    EXPECT_EQ(read->op_type(), "DequantizeLinear");
    EXPECT_EQ(read->input(0), block.groups > 1 ? "conv2.both" : "conv2.twice");
  }
}

// Protects: first and last layers that the model has in f32 are not rounded to
// bytes silently; the one between them still is.
TEST(ExportQuantized, FirstAndLastLayersInFloats) {
  PackedModel packed = Model();
  packed.description.set_first_and_last(PackedModelDescription::F32);
  const auto model = ExportQuantized(packed);
  ASSERT_TRUE(model.ok()) << model.status();
  const auto tensors = TensorsOf(*model);
  const auto floats = [&](const std::string& name) {
    const std::string& raw = tensors.at(name)->raw_data();
    const auto* values = reinterpret_cast<const float*>(raw.data());
    return std::vector<float>(values, values + raw.size() / sizeof(float));
  };
  for (const onnx::NodeProto& node : model->graph().node()) {
    if (node.op_type() != "Conv" && node.op_type() != "Gemm") continue;
    const bool weights_are_bytes = Giver(*model, node.input(1)) != nullptr;
    EXPECT_EQ(weights_are_bytes, node.input(1) == "conv2.weight");
    EXPECT_EQ(Giver(*model, node.input(2)) != nullptr, weights_are_bytes);
  }
  // The first layer reads the image itself.
  EXPECT_EQ(tensors.count("image.step"), 0u);
  EXPECT_EQ(Giver(*model, "fc.flat")->op_type(), "DequantizeLinear");
  // 0.5 times scale / sqrt(variance), as it is.
  EXPECT_NEAR(floats("conv1.weight")[0], 0.5 * 4, 1e-4);
  EXPECT_NEAR(floats("conv1.weight")[9], -0.5 * 1.5, 1e-4);
  EXPECT_EQ(floats("fc.weight"), std::vector<float>({1, 2, 3, 4}));
  EXPECT_EQ(floats("fc.bias"), std::vector<float>({5, 6}));
}

// Without ranges there are no bytes.
TEST(ExportQuantized, MissingRange) {
  PackedModel model = Model();
  model.description.clear_clips();
  EXPECT_THAT(ExportQuantized(model).status().ToString(), HasSubstr("range"));
}

}  // namespace
}  // namespace tritlab
