#include "inference/pack_network.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/build.h"
#include "models/graph_builder.h"
#include "models/parameters.h"

namespace tritlab {
namespace {

NetworkToPack Tiny() {
  InputOperator image;
  image.set_height(4);
  image.set_width(4);
  image.set_channels(1);
  GraphBuilder net("tiny", image);
  std::string x = net.Convolution("conv1", "image", 2, 1, 1);
  x = net.BatchNormalization("bn1", x);
  net.Linear("fc", net.GlobalAveragePool("pool", x), 3);
  NetworkToPack network;
  network.graph = net.graph();
  network.codes["conv1/weights"] = {
      .codes = {1, 2}, .codebook = {0, 0.5f, -0.5f}, .bits = 2};
  network.values["conv1/weights"] = {9, 9};  // latent: must not be packed
  network.values["bn1/scale"] = {2, 3};
  network.values["bn1/shift"] = {1, -1};
  network.values["bn1/mean"] = {4, 5};
  network.values["bn1/variance"] = {0.25f, 4};
  network.values["fc/weights"] = {1, 2, 3, 4, 5, 6};
  network.values["fc/bias"] = {7, 8, 9};
  return network;
}

std::vector<float> Named(const PackedModel& model, const std::string& name) {
  for (const PackedTensor& tensor : model.description.tensors()) {
    if (tensor.name() == name) return *ValuesOf(model, tensor);
  }
  return {};
}

TEST(PackNetworkTest, HoldsWhatTheNetworkComputesWith) {
  const auto model = PackNetwork(Tiny(), TernaryPacking::kTrits);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->description.tensors_size(), 5);
  EXPECT_EQ(Named(*model, "conv1/weights"), (std::vector<float>{0.5f, -0.5f}));
  EXPECT_EQ(Named(*model, "fc/bias"), (std::vector<float>{7, 8, 9}));
  // scale / sqrt(variance + epsilon), shift - mean times that.
  const double a = 2 / std::sqrt(0.25 + 1e-5), b = 3 / std::sqrt(4 + 1e-5);
  EXPECT_THAT(Named(*model, "bn1/scale"),
              testing::ElementsAre(testing::FloatEq(static_cast<float>(a)),
                                   testing::FloatEq(static_cast<float>(b))));
  EXPECT_THAT(
      Named(*model, "bn1/shift"),
      testing::ElementsAre(testing::FloatEq(static_cast<float>(1 - 4 * a)),
                           testing::FloatEq(static_cast<float>(-1 - 5 * b))));
}

// Training heads are no part of the network that runs.
TEST(PackNetworkTest, TrainingHeadsAreLeftOut) {
  NetworkToPack network = Tiny();
  const PackedModel without = *PackNetwork(network, TernaryPacking::kTrits);
  GraphBuilder net(network.graph);
  net.BeginTrainingHead(0.3f);
  net.Linear("aux/fc", "bn1", 3);
  network.graph = net.graph();
  network.values["aux/fc/weights"] = std::vector<float>(3 * 32, 1);
  network.values["aux/fc/bias"] = {1, 2, 3};
  const auto with = PackNetwork(network, TernaryPacking::kTrits);
  ASSERT_TRUE(with.ok()) << with.status();
  EXPECT_EQ(with->description.SerializeAsString(),
            without.description.SerializeAsString());
  EXPECT_EQ(with->tensors.view(), without.tensors.view());
}

TEST(PackNetworkTest, AMissingTensorIsNamed) {
  NetworkToPack network = Tiny();
  network.values.erase("fc/bias");
  EXPECT_THAT(
      std::string(
          PackNetwork(network, TernaryPacking::kBits).status().message()),
      testing::HasSubstr("no tensor fc/bias"));
}

TEST(PackNetworkTest, RepackingChangesTheBytesAndNoValue) {
  const PackedModel trits = *PackNetwork(Tiny(), TernaryPacking::kTrits);
  const PackedModel bits = *Repack(trits, TernaryPacking::kBits);
  EXPECT_EQ(bits.description.tensors(0).packing(), PackedTensor::BITS);
  for (const PackedTensor& tensor : trits.description.tensors())
    EXPECT_EQ(Named(bits, tensor.name()), Named(trits, tensor.name()));
  const PackedModel back = *Repack(bits, TernaryPacking::kTrits);
  EXPECT_EQ(back.description.SerializeAsString(),
            trits.description.SerializeAsString());
  EXPECT_EQ(back.tensors.view(), trits.tensors.view());
}

// The whole file, with all that stands beside the weights: what the project
// promises of ResNet-56 with TTQ, first and last layer in full precision.
TEST(PackNetworkTest, ATernaryResNet56IsSixteenTimesSmallerThanItsWeights) {
  ModelSpec spec;
  spec.mutable_cifar_resnet()->set_depth(56);
  InputOperator image;
  image.set_height(32);
  image.set_width(32);
  image.set_channels(3);
  NetworkToPack network;
  network.graph = *BuildGraph(spec, image, 10);
  const Parameters parameters = *InitialParameters(network.graph, 1);
  size_t weights = 0;
  for (const ParameterTensor& tensor : parameters.tensors) {
    network.values[tensor.name] = tensor.values;
    if (tensor.role != ParameterTensor::Role::kWeights) continue;
    weights += tensor.values.size();
    if (tensor.name == "conv1/weights" || tensor.name == "fc/weights") continue;
    network.codes[tensor.name] = {
        .codes = std::vector<uint8_t>(tensor.values.size(), 1),
        .codebook = {0, 0.1f, -0.2f},
        .bits = 2};
  }
  PackedModel model = *PackNetwork(network, TernaryPacking::kTrits);
  for (int c = 0; c < 3; ++c) {
    model.description.add_mean(0.5f);
    model.description.add_deviation(0.25f);
  }
  for (int c = 0; c < 10; ++c) model.description.add_classes("automobile");
  model.description.set_origin("ttq_resnet56_cifar10, ttq, seed 1");
  for (int i = 0; i < network.graph.nodes_size(); ++i)
    model.description.add_clips(4);
  EXPECT_LE(16 * SerializePackedModel(model).size(), 4 * weights);
}

}  // namespace
}  // namespace tritlab
