#include "models/vgg.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/build.h"
#include "models/cost.h"
#include "models/parameters.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

InputOperator Image(int64_t height, int64_t width) {
  InputOperator image;
  image.set_height(height);
  image.set_width(width);
  image.set_channels(3);
  return image;
}

ModelSpec VggSmall(int width = 0) {
  ModelSpec model;
  model.mutable_vgg_small()->set_width(width);
  return model;
}

std::string ErrorOf(const ModelSpec& model, const InputOperator& image,
                    int64_t classes = 10) {
  return std::string(BuildGraph(model, image, classes).status().message());
}

// Li et al. 2016, section 3, on 32x32 images in colour.
TEST(VggSmallTest, ParametersAndMultiplyAddsOfThePapersNetwork) {
  // 3x3 convolutions without bias, by the side of their image.
  const int64_t at32 = 128 * 3 * 9 + 128 * 128 * 9;
  const int64_t at16 = 256 * 128 * 9 + 256 * 256 * 9;
  const int64_t at8 = 512 * 256 * 9 + 512 * 512 * 9;
  // What is left of the image is 4x4.
  const int64_t fc1 = 512 * 16 * 1024, fc2 = 1024 * 10;
  // Scale and shift of each channel.
  const int64_t normalization = 2 * (2 * 128 + 2 * 256 + 2 * 512 + 1024);
  const auto graph = BuildGraph(VggSmall(), Image(32, 32), 10);
  ASSERT_TRUE(graph.ok()) << graph.status();
  const auto cost = CountCost(*graph);
  ASSERT_TRUE(cost.ok()) << cost.status();
  EXPECT_EQ(cost->parameters,
            at32 + at16 + at8 + (fc1 + 1024) + (fc2 + 10) + normalization);
  EXPECT_EQ(cost->parameters, 12980106);
  EXPECT_EQ(cost->multiply_adds,
            32 * 32 * at32 + 16 * 16 * at16 + 8 * 8 * at8 + fc1 + fc2);
  EXPECT_EQ(cost->multiply_adds, 615917568);
}

// Policies and checkpoints know layers by these names.
TEST(VggSmallTest, LayersAreNamedInOrder) {
  const Graph graph = *BuildGraph(VggSmall(), Image(32, 32), 10);
  std::vector<std::string> names, weighted;
  for (const Node& node : graph.nodes()) names.push_back(node.name());
  EXPECT_THAT(names,
              testing::ElementsAre(
                  "image", "conv1", "bn1", "relu1", "conv2", "bn2", "relu2",
                  "pool1", "conv3", "bn3", "relu3", "conv4", "bn4", "relu4",
                  "pool2", "conv5", "bn5", "relu5", "conv6", "bn6", "relu6",
                  "pool3", "fc1", "bn7", "relu7", "fc2"));
  for (const int node : WeightedNodes(graph))
    weighted.push_back(graph.nodes(node).name());
  EXPECT_THAT(weighted, testing::ElementsAre("conv1", "conv2", "conv3", "conv4",
                                             "conv5", "conv6", "fc1", "fc2"));
}

TEST(VggSmallTest, AllLayersScaleWithTheWidth) {
  const Graph graph = *BuildGraph(VggSmall(4), Image(40, 24), 100);
  const ShapedGraph shaped = *InferShapes(graph, 2);
  std::vector<Shape> weighted;
  for (const int node : WeightedNodes(graph))
    weighted.push_back(shaped.shapes[node]);
  EXPECT_THAT(weighted,
              testing::ElementsAre(Shape{2, 40, 24, 4}, Shape{2, 40, 24, 4},
                                   Shape{2, 20, 12, 8}, Shape{2, 20, 12, 8},
                                   Shape{2, 10, 6, 16}, Shape{2, 10, 6, 16},
                                   Shape{2, 1, 1, 32}, Shape{2, 1, 1, 100}));
}

TEST(VggSmallTest, ImpossibleSettingsNameTheirFieldOrFigure) {
  for (const int width : {-1, 1025, 2147483647}) {
    EXPECT_THAT(ErrorOf(VggSmall(width), Image(32, 32)),
                HasSubstr("vgg_small.width is " + std::to_string(width)));
  }
  EXPECT_THAT(ErrorOf(VggSmall(), Image(32, 28)), HasSubstr("32x28"));
  EXPECT_THAT(ErrorOf(VggSmall(), Image(4, 32)), HasSubstr("4x32"));
  EXPECT_THAT(ErrorOf(VggSmall(), Image(0, 32)), HasSubstr("0x32"));
  EXPECT_THAT(ErrorOf(VggSmall(), Image(-8, 32)), HasSubstr("-8x32"));
  EXPECT_THAT(ErrorOf(VggSmall(), Image(32, 32), 0), HasSubstr("\"fc2\""));
}

// Simonyan and Zisserman 2014, table 2: 138 million parameters; the exact
// number is that of the authors' published weights.
TEST(Vgg16Test, CountsArePublished) {
  ModelSpec model;
  model.mutable_vgg16();
  const Graph graph = *BuildGraph(model, Image(224, 224), 1000);
  const Cost cost = *CountCost(graph);
  EXPECT_EQ(cost.parameters, 138357544);
  EXPECT_NEAR(static_cast<double>(cost.multiply_adds) * 1e-9, 15.470, 0.0006);
  // A scale and a shift a channel instead of convolutions' biases, and beside
  // those of the two hidden layers.
  model.mutable_vgg16()->set_batch_normalization(true);
  const Graph normalized = *BuildGraph(model, Image(224, 224), 1000);
  EXPECT_EQ(CountCost(normalized)->parameters,
            138357544 + 4224 + 2 * (4096 + 4096));
  std::vector<std::string> weighted;
  for (const int node : WeightedNodes(normalized))
    weighted.push_back(normalized.nodes(node).name());
  EXPECT_THAT(weighted,
              testing::ElementsAre("conv1_1", "conv1_2", "conv2_1", "conv2_2",
                                   "conv3_1", "conv3_2", "conv3_3", "conv4_1",
                                   "conv4_2", "conv4_3", "conv5_1", "conv5_2",
                                   "conv5_3", "fc6", "fc7", "fc8"));
}

// Simonyan and Zisserman 2014, section 3.1: dropout of the first two fully
// connected layers.
TEST(Vgg16Test, DropoutStandsBehindTheHiddenLayers) {
  ModelSpec model;
  model.mutable_vgg16()->set_dropout(true);
  const Graph graph = *BuildGraph(model, Image(224, 224), 1000);
  std::vector<std::string> dropped;
  for (const Node& node : graph.nodes()) {
    if (!node.has_dropout()) continue;
    EXPECT_EQ(node.dropout().rate(), 0.5f);
    dropped.push_back(node.inputs(0));
  }
  EXPECT_THAT(dropped, testing::ElementsAre("relu6", "relu7"));
  EXPECT_EQ(CountCost(graph)->parameters, 138357544);
}

TEST(Vgg16Test, ImpossibleSettingsAreNamed) {
  ModelSpec model;
  model.mutable_vgg16()->set_width(-1);
  EXPECT_THAT(ErrorOf(model, Image(224, 224)), HasSubstr("vgg16.width is -1"));
  model.mutable_vgg16()->set_width(0);
  EXPECT_THAT(ErrorOf(model, Image(224, 48)), HasSubstr("224x48"));
}

}  // namespace
}  // namespace tritlab
