#include "models/alexnet.h"

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

TEST(AlexNetTest, ImageAndWidthMayBeOthers) {
  EXPECT_TRUE(BuildGraph(AlexNet(24), Image(64), 100).ok());
  EXPECT_TRUE(BuildGraph(AlexNet(), Image(63), 100).ok());
  EXPECT_THAT(
      std::string(BuildGraph(AlexNet(), Image(62), 9).status().message()),
      testing::HasSubstr("at least 63x63, not 62x62"));
  EXPECT_THAT(
      std::string(BuildGraph(AlexNet(-1), Image(224), 9).status().message()),
      testing::HasSubstr("alexnet.width is -1"));
}

}  // namespace
}  // namespace tritlab
