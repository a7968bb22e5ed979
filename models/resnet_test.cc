#include "models/resnet.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/build.h"
#include "models/cost.h"
#include "models/parameters.h"

namespace tritlab {
namespace {

InputOperator CifarImage() {
  InputOperator image;
  image.set_height(32);
  image.set_width(32);
  image.set_channels(3);
  return image;
}

ModelSpec ResNet(int depth,
                 CifarResNetSpec::Variant variant = CifarResNetSpec::ORIGINAL) {
  ModelSpec model;
  model.mutable_cifar_resnet()->set_depth(depth);
  model.mutable_cifar_resnet()->set_variant(variant);
  return model;
}

// He et al. 2015, table 6: 0.27, 0.46, 0.66, 0.85 and 1.7 million parameters.
// The exact numbers follow from its text.
TEST(ResNetTest, ParametersArePublished) {
  const std::pair<int, int64_t> published[] = {
      {20, 269722}, {32, 464154}, {44, 658586}, {56, 853018}, {110, 1727962}};
  for (const auto& [depth, parameters] : published) {
    const auto graph = BuildGraph(ResNet(depth), CifarImage(), 10);
    ASSERT_TRUE(graph.ok()) << graph.status();
    EXPECT_EQ(CountCost(*graph)->parameters, parameters) << depth;
  }
}

TEST(ResNetTest, MultiplyAddsOfResNet20) {
  // conv1; 6 convolutions of each stage, the first of stages 2 and 3 with half
  // the input channels; fc.
  const int64_t stage = 32 * 32 * 9 * 16 * 16;
  const int64_t expected =
      32 * 32 * 9 * 3 * 16 + 18 * stage - 2 * (stage / 2) + 64 * 10;
  for (const auto variant :
       {CifarResNetSpec::ORIGINAL, CifarResNetSpec::PRE_ACTIVATION}) {
    EXPECT_EQ(CountCost(*BuildGraph(ResNet(20, variant), CifarImage(), 10))
                  ->multiply_adds,
              expected);
  }
}

TEST(ResNetTest, LayersAreNamedAndCountedByDepth) {
  const Graph graph = *BuildGraph(ResNet(20), CifarImage(), 10);
  const std::vector<int> weighted = WeightedNodes(graph);
  ASSERT_EQ(weighted.size(), 20u);
  EXPECT_EQ(graph.nodes(weighted.front()).name(), "conv1");
  EXPECT_EQ(graph.nodes(weighted[7]).name(), "stage2/block1/conv1");
  EXPECT_EQ(graph.nodes(weighted.back()).name(), "fc");
}

TEST(ResNetTest, OtherImagesAndClasses) {
  InputOperator image = CifarImage();
  image.set_height(64);
  image.set_width(48);
  EXPECT_TRUE(
      BuildGraph(ResNet(20, CifarResNetSpec::PRE_ACTIVATION), image, 100).ok());
}

TEST(ResNetTest, ImpossibleSettingsNameTheirField) {
  for (const int depth : {-4, 0, 2, 18, 21, 1208, 2147483642}) {
    EXPECT_THAT(
        std::string(
            BuildGraph(ResNet(depth), CifarImage(), 10).status().message()),
        testing::HasSubstr("cifar_resnet.depth"))
        << depth;
  }
  ModelSpec model = ResNet(20);
  model.mutable_cifar_resnet()->set_width(-1);
  EXPECT_THAT(
      std::string(BuildGraph(model, CifarImage(), 10).status().message()),
      testing::HasSubstr("cifar_resnet.width"));
  EXPECT_THAT(
      std::string(BuildGraph(ModelSpec(), CifarImage(), 10).status().message()),
      testing::HasSubstr("model names no architecture"));
}

}  // namespace
}  // namespace tritlab
