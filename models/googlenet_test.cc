#include "models/googlenet.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/build.h"
#include "models/cost.h"
#include "models/parameters.h"
#include "models/shape_inference.h"
#include "models/training_heads.h"

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

// Of everything that is trained.
Cost TrainedCost(const Graph& graph) {
  return *CountCost(*WithTrainingHeads(graph));
}

// What the paper's network has in all, with both auxiliary classifiers of
// section 5: a 1x1 convolution of 512 or 528 channels to 128, then two linear
// layers, of 4x4x128 to 1024 to 1000 features.
TEST(GoogLeNetTest, CountsOfAuxiliaryHeadsAreThePapers) {
  ModelSpec model = GoogLeNet(false);
  model.mutable_googlenet()->set_auxiliary_heads(true);
  const Graph graph = *BuildGraph(model, Image(224, 224), 1000);
  ASSERT_EQ(graph.training_heads_size(), 2);
  constexpr int64_t kLinear = (2048 + 1) * 1024 + (1024 + 1) * 1000;
  constexpr int64_t kHeads = (512 + 1) * 128 + (528 + 1) * 128 + 2 * kLinear;
  EXPECT_EQ(CountCost(graph)->parameters, 6998552);
  EXPECT_EQ(TrainedCost(graph).parameters, 6998552 + kHeads);
  EXPECT_EQ(TrainedCost(graph).parameters, 13378280);
  for (const TrainingHead& head : graph.training_heads()) {
    EXPECT_EQ(head.loss_weight(), 0.3f);
    int dropped = 0;
    for (const Node& node : head.nodes()) {
      if (!node.has_dropout()) continue;
      EXPECT_EQ(node.dropout().rate(), 0.7f);
      ++dropped;
    }
    EXPECT_EQ(dropped, 1);
  }
}

// torchvision's googlenet(aux_logits=True).
TEST(GoogLeNetTest, CountsOfAuxiliaryHeadsAreTorchvisions) {
  ModelSpec model = GoogLeNet(true);
  model.mutable_googlenet()->set_auxiliary_heads(true);
  Graph graph = *BuildGraph(model, Image(224, 224), 1000);
  for (Node& node : *graph.mutable_nodes()) {
    if (node.convolution().kernel_height() != 5) continue;
    node.mutable_convolution()->set_kernel_height(3);
    node.mutable_convolution()->set_kernel_width(3);
    node.mutable_convolution()->set_padding(1);
  }
  EXPECT_EQ(CountCost(graph)->parameters, 6624904);
  EXPECT_EQ(TrainedCost(graph).parameters, 13004888);
}

// The network itself is the same with and without them, and where the paper's
// pooling has no room they pool the whole image.
TEST(GoogLeNetTest, AuxiliaryHeadsFitAnyImage) {
  const struct {
    GoogLeNetSpec::Stem stem;
    int64_t height, width;
    int64_t features;  // that the first linear layer reads
  } cases[] = {{GoogLeNetSpec::PHOTOGRAPHS, 224, 224, 16 * 128},
               {GoogLeNetSpec::PHOTOGRAPHS, 299, 299, 25 * 128},
               {GoogLeNetSpec::PHOTOGRAPHS, 79, 79, 128},
               {GoogLeNetSpec::PHOTOGRAPHS, 64, 64, 128},
               {GoogLeNetSpec::PHOTOGRAPHS, 224, 32, 128},
               {GoogLeNetSpec::PHOTOGRAPHS, 32, 32, 128},
               {GoogLeNetSpec::SMALL_IMAGES, 64, 64, 16 * 128},
               {GoogLeNetSpec::SMALL_IMAGES, 32, 32, 4 * 128}};
  for (const auto& [stem, height, width, features] : cases) {
    ModelSpec model = GoogLeNet(true, stem);
    const Graph without = *BuildGraph(model, Image(height, width), 10);
    model.mutable_googlenet()->set_auxiliary_heads(true);
    const auto graph = BuildGraph(model, Image(height, width), 10);
    ASSERT_TRUE(graph.ok()) << graph.status();
    ASSERT_EQ(graph->nodes_size(), without.nodes_size());
    for (int i = 0; i < graph->nodes_size(); ++i) {
      EXPECT_EQ(graph->nodes(i).SerializeAsString(),
                without.nodes(i).SerializeAsString());
    }
    int hidden = 0;
    const std::vector<LayerWork> layers = *WorkOf(*WithTrainingHeads(*graph));
    for (const LayerWork& layer : layers) {
      if (layer.name != "aux1/fc1" && layer.name != "aux2/fc1") continue;
      EXPECT_EQ(layer.inputs, features) << height << "x" << width;
      ++hidden;
    }
    EXPECT_EQ(hidden, 2);
  }
  // Where the paper's window fits exactly.
  ModelSpec model = GoogLeNet(true);
  model.mutable_googlenet()->set_auxiliary_heads(true);
  const auto window = [&](int64_t side) {
    return BuildGraph(model, Image(side, side), 10)
        ->training_heads(0)
        .nodes(0)
        .pooling()
        .window();
  };
  EXPECT_EQ(window(79), 5);
  EXPECT_EQ(window(78), 0);
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
