#include "onnx/export_network.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "inference/pack_network.h"
#include "models/checkpoint.h"
#include "models/graph_builder.h"
#include "models/parameters.h"
#include "onnx/import_network.h"
#include "onnx/model_for_tests.h"
#include "training/position.pb.h"

namespace tritlab {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;

constexpr int64_t kSide = 17, kChannels = 4;

InputOperator Image() {
  InputOperator image;
  image.set_height(kSide);
  image.set_width(kSide);
  image.set_channels(kChannels);
  return image;
}

PoolingOperator& LastPooling(GraphBuilder& net) {
  Graph& graph = net.graph();
  return *graph.mutable_nodes(graph.nodes_size() - 1)->mutable_pooling();
}

// Every operator of graph.proto; windows on padding, and over the edge.
Graph AllOperators() {
  GraphBuilder net("all", Image());
  std::string x = net.Convolution("conv1", "image", 6, 3, 2, 1, /*bias=*/true,
                                  /*groups=*/2);
  x = net.Relu("relu1", net.BatchNormalization("bn1", x));
  x = net.LocalResponseNormalization("lrn", x);
  x = net.MaxPool("padded", x, 3, 2, /*padding=*/1);
  x = net.AveragePool("padded_average", x, 3, 1);
  LastPooling(net).set_padding(1);
  const std::string shortcut = net.ChannelPad("pad", x, 1, 1);
  x = net.Convolution("conv2", x, 8, 3, 1);
  x = net.Add("add", shortcut, x);
  x = net.CeilMaxPool("pool", x, 2, 2);
  const std::string left = net.Relu("left", x);
  const std::string right = net.Convolution("right", x, 3, 1, 1);
  x = net.Concat("concat", {left, right});
  x = net.AveragePool("average", x, 2, 1);
  x = net.Dropout("dropout", net.Linear("hidden", x, 5), 0.25f);
  net.Linear("logits", net.Relu("relu2", x), 3);
  return net.graph();
}

// Both kinds of pooling over the whole image. Their results are not flat,
// unlike a linear layer's, and so not to be had beside one.
Graph GlobalPooling() {
  GraphBuilder net("global", Image());
  const std::string x = net.Convolution("conv", "image", 5, 3, 2);
  const std::string average = net.GlobalAveragePool("average", x);
  const std::string largest = net.GlobalAveragePool("largest", x);
  LastPooling(net).set_kind(PoolingOperator::MAX);
  net.Linear("logits", net.Concat("both", {average, largest}), 3);
  return net.graph();
}

NetworkToExport Network(const Graph& graph) {
  NetworkToExport network;
  network.graph = graph;
  auto parameters = InitialParameters(network.graph, 3);
  EXPECT_TRUE(parameters.ok()) << parameters.status();
  float distinct = 0.5f;
  for (ParameterTensor& tensor : parameters->tensors) {
    if (tensor.name.starts_with("bn1/")) {
      for (float& value : tensor.values) value += distinct += 0.125f;
    }
    network.tensors[tensor.name] = tensor.values;
  }
  return network;
}

class ExportedNetwork : public testing::TestWithParam<Graph> {};

INSTANTIATE_TEST_SUITE_P(AllNetworks, ExportedNetwork,
                         testing::Values(AllOperators(), GlobalPooling()),
                         [](const auto& graph) { return graph.param.name(); });

// What is exported is imported as what it was, to the last bit.
TEST_P(ExportedNetwork, ImportedAgainIsTheSame) {
  const NetworkToExport network = Network(GetParam());
  const auto model = ExportNetwork(network);
  ASSERT_TRUE(model.ok()) << model.status();
  auto imported = ImportNetwork(*model, {});
  ASSERT_TRUE(imported.ok()) << imported.status();
  Graph graph = imported->graph;
  graph.clear_description();
  EXPECT_TRUE(MessageDifferencer::Equals(graph, network.graph))
      << graph.DebugString();
  EXPECT_EQ(imported->tensors, network.tensors);
}

// A packed model, whose normalizations are folded, computes the same.
TEST_P(ExportedNetwork, PackedModelComputesTheSame) {
  const NetworkToExport network = Network(GetParam());
  const auto packed = PackNetwork(
      {.graph = network.graph, .values = network.tensors, .codes = {}},
      TernaryPacking::kTrits);
  ASSERT_TRUE(packed.ok()) << packed.status();
  const auto of_packed = NetworkOf(*packed);
  ASSERT_TRUE(of_packed.ok()) << of_packed.status();
  const auto model = ExportNetwork(*of_packed);
  ASSERT_TRUE(model.ok()) << model.status();
  const auto imported = ImportNetwork(*model, {});
  ASSERT_TRUE(imported.ok()) << imported.status();
  const std::vector<float> images = RandomImages(2 * kChannels * kSide * kSide);
  const auto wanted = RunNetwork({network.graph, network.tensors, {}}, images);
  const auto logits = RunNetwork(*imported, images);
  ASSERT_TRUE(wanted.ok() && logits.ok());
  EXPECT_THAT(*logits, Pointwise(FloatNear(1e-4f), *wanted));
}

// Protects: layers that quantize what they read are no part of the graph; what
// is exported must not be another network, silently.
TEST(ExportNetwork, QuantizedActivationsAreRefused) {
  const NetworkToExport network = Network(AllOperators());
  auto packed = PackNetwork(
      {.graph = network.graph, .values = network.tensors, .codes = {}},
      TernaryPacking::kTrits);
  ASSERT_TRUE(packed.ok()) << packed.status();
  packed->description.set_why_no_integer_form("its layers quantize");
  const absl::Status refused = NetworkOf(*packed).status();
  EXPECT_TRUE(absl::IsUnimplemented(refused)) << refused;
  EXPECT_THAT(refused.ToString(), HasSubstr("policy quantizes no activations"));

  const Checkpoint checkpoint = {
      .graph = network.graph, .tensors = network.tensors, .position = {}};
  EXPECT_TRUE(NetworkOf(checkpoint).ok());
  Checkpoint pact = checkpoint;
  pact.tensors["conv2#alpha"] = {6};
  EXPECT_TRUE(absl::IsUnimplemented(NetworkOf(pact).status()));
  Checkpoint dorefa = checkpoint;
  TrainingPosition position;
  LayerActivations& layer = *position.mutable_activations()->add_layers();
  layer.set_zeros(0.5);
  dorefa.position = position.SerializeAsString();
  EXPECT_TRUE(NetworkOf(dorefa).ok());
  layer.set_zeros_before_quantization(0.25);
  dorefa.position = position.SerializeAsString();
  EXPECT_TRUE(absl::IsUnimplemented(NetworkOf(dorefa).status()));
}

// What is missing is named.
TEST(ExportNetwork, MissingTensor) {
  NetworkToExport network = Network(AllOperators());
  network.tensors.erase("conv2/weights");
  EXPECT_THAT(ExportNetwork(network).status().ToString(),
              HasSubstr("conv2/weights"));
}

}  // namespace
}  // namespace tritlab
