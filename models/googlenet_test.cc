#include "models/googlenet.h"

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

using testing::ElementsAre;

InputOperator Image(int64_t height, int64_t width) {
  InputOperator image;
  image.set_height(height);
  image.set_width(width);
  image.set_channels(3);
  return image;
}

ModelSpec GoogLeNet(
    bool batch_normalization,
    GoogLeNetSpec::Stem stem = GoogLeNetSpec::STEM_UNSPECIFIED) {
  ModelSpec model;
  model.mutable_googlenet()->set_batch_normalization(batch_normalization);
  model.mutable_googlenet()->set_stem(stem);
  return model;
}

// Height and channels of what each module and pooling gives.
struct Stage {
  std::string name;
  int64_t height, channels;
  bool operator==(const Stage&) const = default;
};
std::vector<Stage> Stages(const ModelSpec& model, int64_t side) {
  const Graph graph = *BuildGraph(model, Image(side, side), 1000);
  const ShapedGraph shaped = *InferShapes(graph, 1);
  std::vector<Stage> stages;
  for (int i = 0; i < graph.nodes_size(); ++i) {
    const Node& node = graph.nodes(i);
    const bool between =
        node.has_pooling() && node.name().find('/') == std::string::npos;
    if (!node.has_concat() && !between) continue;
    stages.push_back(
        {node.name(), shaped.shapes[i].height, shaped.shapes[i].channels});
  }
  return stages;
}

// Szegedy et al. 2015, table 1, column "output size".
TEST(GoogLeNetTest, SizesAreThePapers) {
  EXPECT_THAT(
      Stages(GoogLeNet(false), 224),
      ElementsAre(Stage{"pool1", 56, 64}, Stage{"pool2", 28, 192},
                  Stage{"inception3a/concat", 28, 256},
                  Stage{"inception3b/concat", 28, 480}, Stage{"pool3", 14, 480},
                  Stage{"inception4a/concat", 14, 512},
                  Stage{"inception4b/concat", 14, 512},
                  Stage{"inception4c/concat", 14, 512},
                  Stage{"inception4d/concat", 14, 528},
                  Stage{"inception4e/concat", 14, 832}, Stage{"pool4", 7, 832},
                  Stage{"inception5a/concat", 7, 832},
                  Stage{"inception5b/concat", 7, 1024},
                  Stage{"pool", 1, 1024}));
}

// Of table 1's convolutions and their biases, without auxiliary classifiers.
TEST(GoogLeNetTest, CountsAreThePapers) {
  const Cost cost =
      *CountCost(*BuildGraph(GoogLeNet(false), Image(224, 224), 1000));
  EXPECT_EQ(cost.parameters, 6998552);
  EXPECT_EQ(cost.multiply_adds, 1582671872);
}

// torchvision's documentation of GoogLeNet_Weights: 6,624,904 parameters and
// 1.498 billion multiply-adds; it has 3x3 convolutions in place of the paper's
// 5x5, and batch normalization.
TEST(GoogLeNetTest, CountsWithThreesForFivesAreTorchvisions) {
  Graph graph = *BuildGraph(GoogLeNet(true), Image(224, 224), 1000);
  EXPECT_EQ(CountCost(graph)->parameters, 7005832);
  for (Node& node : *graph.mutable_nodes()) {
    ConvolutionOperator* const convolution =
        node.has_convolution() ? node.mutable_convolution() : nullptr;
    if (convolution == nullptr || convolution->kernel_height() != 5) continue;
    convolution->set_kernel_height(3);
    convolution->set_kernel_width(3);
    convolution->set_padding(1);
  }
  const Cost cost = *CountCost(graph);
  EXPECT_EQ(cost.parameters, 6624904);
  EXPECT_NEAR(static_cast<double>(cost.multiply_adds) * 1e-9, 1.498, 0.0005);
}

// Policies and checkpoints know layers by these names: 57 convolutions and the
// classifier.
TEST(GoogLeNetTest, LayersAreNamedInOrder) {
  const Graph graph = *BuildGraph(GoogLeNet(true), Image(64, 64), 100);
  std::vector<std::string> weighted;
  for (const int node : WeightedNodes(graph))
    weighted.push_back(graph.nodes(node).name());
  ASSERT_EQ(weighted.size(), 58u);
  weighted.resize(9);
  EXPECT_THAT(weighted,
              ElementsAre("conv1", "conv2_reduce", "conv2",
                          "inception3a/conv_1x1", "inception3a/conv_3x3_reduce",
                          "inception3a/conv_3x3", "inception3a/conv_5x5_reduce",
                          "inception3a/conv_5x5", "inception3a/conv_pool"));
}

// What the paper's own network has, and what batch normalization replaces.
TEST(GoogLeNetTest, NormalizationIsOneOrTheOther) {
  for (const bool batch_normalization : {false, true}) {
    const Graph graph =
        *BuildGraph(GoogLeNet(batch_normalization), Image(64, 64), 100);
    int batch = 0, response = 0, dropout = 0, biases = 0;
    for (const Node& node : graph.nodes()) {
      batch += node.has_batch_normalization();
      response += node.has_local_response_normalization();
      dropout += node.has_dropout();
      biases += node.convolution().bias();
    }
    EXPECT_EQ(batch, batch_normalization ? 57 : 0);
    EXPECT_EQ(biases, batch_normalization ? 0 : 57);
    EXPECT_EQ(response, batch_normalization ? 0 : 2);
    EXPECT_EQ(dropout, batch_normalization ? 0 : 1);
  }
}

TEST(GoogLeNetTest, ImageAndWidthMayBeOthers) {
  const auto last_size = [](const ModelSpec& model, int64_t side) {
    const std::vector<Stage> stages = Stages(model, side);
    return stages[stages.size() - 2].height;
  };
  EXPECT_EQ(last_size(GoogLeNet(true), 64), 2);
  EXPECT_EQ(last_size(GoogLeNet(true), 32), 1);
  EXPECT_EQ(last_size(GoogLeNet(false), 33), 1);
  EXPECT_EQ(last_size(GoogLeNet(true, GoogLeNetSpec::SMALL_IMAGES), 64), 8);
  EXPECT_EQ(last_size(GoogLeNet(true, GoogLeNetSpec::SMALL_IMAGES), 32), 4);
  EXPECT_TRUE(BuildGraph(GoogLeNet(true), Image(224, 47), 10).ok());
  ModelSpec narrow = GoogLeNet(false);
  narrow.mutable_googlenet()->set_width(4);
  EXPECT_TRUE(BuildGraph(narrow, Image(40, 40), 10).ok());
}

TEST(GoogLeNetTest, ImpossibleSettingsAreNamed) {
  const auto error = [](const ModelSpec& model, const InputOperator& image) {
    return std::string(BuildGraph(model, image, 10).status().message());
  };
  EXPECT_THAT(error(GoogLeNet(true), Image(64, 31)),
              testing::HasSubstr("at least 32x32, not 64x31"));
  ModelSpec narrow = GoogLeNet(true);
  narrow.mutable_googlenet()->set_width(3);
  EXPECT_THAT(error(narrow, Image(64, 64)),
              testing::HasSubstr("googlenet.width is 3"));
}

}  // namespace
}  // namespace tritlab
