#include "models/alexnet.h"

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

InputOperator Image(int64_t side) {
  InputOperator image;
  image.set_height(side);
  image.set_width(side);
  image.set_channels(3);
  return image;
}

ModelSpec AlexNet(int width = 0) {
  ModelSpec model;
  model.mutable_alexnet()->set_width(width);
  return model;
}

// Krizhevsky et al. 2012, section 3.5, without its two groups: 55, 27, 13, 13
// and 13 pixels a side, 9216 features into fc6.
TEST(AlexNetTest, CountsFollowFromThePaper) {
  const int64_t conv1 = 96 * 3 * 121, conv2 = 256 * 96 * 25;
  const int64_t conv3 = 384 * 256 * 9, conv4 = 384 * 384 * 9;
  const int64_t conv5 = 256 * 384 * 9;
  const int64_t fc6 = 9216 * 4096, fc7 = 4096 * 4096, fc8 = 4096 * 1000;
  const int64_t normalization = 2 * (96 + 256 + 384 + 384 + 256 + 4096 + 4096);
  const Graph graph = *BuildGraph(AlexNet(), Image(224), 1000);
  const Cost cost = *CountCost(graph);
  EXPECT_EQ(cost.parameters, conv1 + conv2 + conv3 + conv4 + conv5 + fc6 + fc7 +
                                 fc8 + 4096 + 4096 + 1000 + normalization);
  EXPECT_EQ(cost.multiply_adds, 55 * 55 * conv1 + 27 * 27 * conv2 +
                                    13 * 13 * (conv3 + conv4 + conv5) + fc6 +
                                    fc7 + fc8);
  std::vector<std::string> weighted;
  for (const int node : WeightedNodes(graph))
    weighted.push_back(graph.nodes(node).name());
  EXPECT_THAT(weighted, testing::ElementsAre("conv1", "conv2", "conv3", "conv4",
                                             "conv5", "fc6", "fc7", "fc8"));
}

ModelSpec CaffeAlexNet(int width = 0) {
  ModelSpec model = AlexNet(width);
  model.mutable_alexnet()->set_variant(AlexNetSpec::CAFFE);
  return model;
}

// The counts that are published of Caffe's weights (bvlc_alexnet,
// bvlc_reference_caffenet): 60,965,224 parameters and 724,406,816
// multiply-adds. Caffe crops 227 pixels and pads none; 224 with the paper's two
// pixels on either side give the same 55.
TEST(AlexNetTest, CountsOfTheOriginalAreCaffes) {
  const Graph graph = *BuildGraph(CaffeAlexNet(), Image(224), 1000);
  const Cost cost = *CountCost(graph);
  EXPECT_EQ(cost.parameters, 60965224);
  EXPECT_EQ(cost.multiply_adds, 724406816);
}

TEST(AlexNetTest, TheOriginalNormalizesBeforeItPoolsAndDropsHiddenFeatures) {
  const Graph graph = *BuildGraph(CaffeAlexNet(), Image(224), 1000);
  std::vector<std::string> names, grouped;
  for (const Node& node : graph.nodes()) {
    names.push_back(node.name());
    if (node.convolution().groups() == 2) grouped.push_back(node.name());
  }
  EXPECT_THAT(names, testing::ElementsAre(
                         "image", "conv1", "relu1", "norm1", "pool1", "conv2",
                         "relu2", "norm2", "pool2", "conv3", "relu3", "conv4",
                         "relu4", "conv5", "relu5", "pool5", "fc6", "relu6",
                         "drop6", "fc7", "relu7", "drop7", "fc8"));
  EXPECT_THAT(grouped, testing::ElementsAre("conv2", "conv4", "conv5"));
}

TEST(AlexNetTest, ImageAndWidthMayBeOthers) {
  EXPECT_TRUE(BuildGraph(AlexNet(24), Image(64), 100).ok());
  EXPECT_TRUE(BuildGraph(AlexNet(), Image(63), 100).ok());
  EXPECT_TRUE(BuildGraph(CaffeAlexNet(6), Image(64), 100).ok());
  EXPECT_THAT(
      std::string(BuildGraph(AlexNet(), Image(62), 9).status().message()),
      testing::HasSubstr("at least 63x63, not 62x62"));
  EXPECT_THAT(
      std::string(BuildGraph(AlexNet(-1), Image(224), 9).status().message()),
      testing::HasSubstr("alexnet.width is -1"));
  EXPECT_THAT(
      std::string(BuildGraph(CaffeAlexNet(8), Image(64), 9).status().message()),
      testing::HasSubstr("alexnet.width is 8"));
}

}  // namespace
}  // namespace tritlab
