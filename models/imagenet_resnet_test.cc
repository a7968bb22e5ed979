#include "models/imagenet_resnet.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/build.h"
#include "models/cost.h"
#include "models/parameters.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

InputOperator Image(int64_t side) {
  InputOperator image;
  image.set_height(side);
  image.set_width(side);
  image.set_channels(3);
  return image;
}

ModelSpec ResNet(
    int depth, ImageNetResNetSpec::Variant variant = ImageNetResNetSpec::V1_5) {
  ModelSpec model;
  model.mutable_imagenet_resnet()->set_depth(depth);
  model.mutable_imagenet_resnet()->set_variant(variant);
  return model;
}

// The counts that torchvision's documentation gives for resnet18, resnet34 and
// resnet50 (v1.5), at 224x224 with 1000 classes.
TEST(ImageNetResNetTest, CountsArePublished) {
  struct Published {
    int depth;
    int64_t parameters;
    double giga_multiply_adds;
  };
  for (const Published& published : {Published{18, 11689512, 1.814},
                                     {34, 21797672, 3.664},
                                     {50, 25557032, 4.089}}) {
    const auto graph = BuildGraph(ResNet(published.depth), Image(224), 1000);
    ASSERT_TRUE(graph.ok()) << graph.status();
    const Cost cost = *CountCost(*graph);
    EXPECT_EQ(cost.parameters, published.parameters) << published.depth;
    EXPECT_NEAR(static_cast<double>(cost.multiply_adds) * 1e-9,
                published.giga_multiply_adds, 0.0006)
        << published.depth;
  }
}

// He et al. 2015, table 1: 3.8 billion for ResNet-50, whose strides come first.
TEST(ImageNetResNetTest, StridesInTheFirstConvolutionCostLess) {
  const Graph v1 =
      *BuildGraph(ResNet(50, ImageNetResNetSpec::V1), Image(224), 1000);
  const Cost cost = *CountCost(v1);
  EXPECT_EQ(cost.parameters, 25557032);
  EXPECT_NEAR(static_cast<double>(cost.multiply_adds) * 1e-9, 3.858, 0.001);
}

// The sizes of table 1; and a stem that leaves small images their size.
TEST(ImageNetResNetTest, StagesHalveTheImage) {
  const auto sizes = [](const ModelSpec& model, int64_t side) {
    const Graph graph = *BuildGraph(model, Image(side), 10);
    const ShapedGraph shaped = *InferShapes(graph, 1);
    std::vector<int64_t> heights;
    for (int i = 0; i < graph.nodes_size(); ++i) {
      if (graph.nodes(i).has_add() &&
          graph.nodes(i).name().find("block1/") != std::string::npos)
        heights.push_back(shaped.shapes[i].height);
    }
    return heights;
  };
  EXPECT_THAT(sizes(ResNet(18), 224), testing::ElementsAre(56, 28, 14, 7));
  EXPECT_THAT(sizes(ResNet(50), 65), testing::ElementsAre(17, 9, 5, 3));
  ModelSpec small = ResNet(18);
  small.mutable_imagenet_resnet()->set_stem(ImageNetResNetSpec::SMALL_IMAGES);
  EXPECT_THAT(sizes(small, 64), testing::ElementsAre(64, 32, 16, 8));
}

TEST(ImageNetResNetTest, ImpossibleSettingsNameTheirField) {
  const auto error = [](const ModelSpec& model) {
    return std::string(BuildGraph(model, Image(224), 1000).status().message());
  };
  EXPECT_THAT(error(ResNet(20)),
              testing::HasSubstr("imagenet_resnet.depth is 20"));
  ModelSpec wide = ResNet(18);
  wide.mutable_imagenet_resnet()->set_width(-3);
  EXPECT_THAT(error(wide), testing::HasSubstr("imagenet_resnet.width is -3"));
}

}  // namespace
}  // namespace tritlab
