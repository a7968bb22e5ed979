#include "models/training_heads.h"

#include <cmath>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/cost.h"
#include "models/graph_builder.h"

namespace tritlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The network, to which tests add heads.
GraphBuilder Network() {
  InputOperator image;
  image.set_height(4);
  image.set_width(4);
  image.set_channels(3);
  GraphBuilder net("net", image);
  const std::string conv = net.Convolution("conv", "image", 2, 3, 1);
  net.Linear("fc", net.GlobalAveragePool("pool", net.Relu("relu", conv)), 5);
  return net;
}

std::string ErrorOf(const Graph& graph) {
  return std::string(WithTrainingHeads(graph).status().message());
}

// Nodes keep their places, which programs and parameters go by.
TEST(TrainingHeadsTest, HeadsFollowTheNetwork) {
  GraphBuilder net = Network();
  EXPECT_TRUE(TrainingHeadOutputs(net.graph()).empty());
  const Cost alone = *CountCost(net.graph());
  net.BeginTrainingHead(0.3f);
  net.Linear("a/fc2", net.Linear("a/fc1", "relu", 7), 5);
  net.BeginTrainingHead(0.5f);
  net.Linear("b/fc", "conv", 5);
  const Graph& graph = net.graph();
  EXPECT_EQ(graph.nodes_size(), 5);
  const auto whole = WithTrainingHeads(graph);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->training_heads_size(), 0);
  std::vector<std::string> names;
  for (const Node& node : whole->nodes()) names.push_back(node.name());
  EXPECT_THAT(names, ElementsAre("image", "conv", "relu", "pool", "fc", "a/fc1",
                                 "a/fc2", "b/fc"));
  EXPECT_THAT(TrainingHeadOutputs(graph), ElementsAre(6, 7));
  EXPECT_EQ(CountCost(graph)->parameters, alone.parameters);
  EXPECT_EQ(CountCost(graph)->multiply_adds, alone.multiply_adds);
  EXPECT_EQ(CountCost(*whole)->parameters,
            alone.parameters + 7 * 33 + 5 * 8 + 5 * 33);
}

TEST(TrainingHeadsTest, ErrorsNameTheHead) {
  {
    GraphBuilder net = Network();
    net.BeginTrainingHead(0.3f);
    net.Linear("aux/fc", "relu", 5);
    net.BeginTrainingHead(0.3f);
    EXPECT_THAT(ErrorOf(net.graph()),
                HasSubstr("graph \"net\", training head 2: it has no nodes"));
    net.Linear("aux/fc", "relu", 5);
    EXPECT_THAT(ErrorOf(net.graph()),
                HasSubstr("node \"aux/fc\": its name is empty or used before"));
  }
  {
    GraphBuilder net = Network();
    net.BeginTrainingHead(0.3f);
    net.Linear("aux/fc", "relu", 4);
    EXPECT_THAT(ErrorOf(net.graph()),
                HasSubstr("training head 1: it gives 1x1x1x4; the network "
                          "gives 1x1x1x5"));
  }
  for (const float weight : {0.0f, -1.0f, NAN, INFINITY}) {
    GraphBuilder net = Network();
    net.BeginTrainingHead(weight);
    net.Linear("aux/fc", "relu", 5);
    EXPECT_THAT(ErrorOf(net.graph()),
                HasSubstr("training head 1: its loss_weight is"));
  }
  {
    GraphBuilder net = Network();
    net.BeginTrainingHead(0.3f);
    net.Linear("aux/fc", "nothing", 5);
    EXPECT_THAT(ErrorOf(net.graph()),
                HasSubstr("no node before it is named \"nothing\""));
  }
  {
    // A file may hold heads of nothing, which alone would be a network.
    Graph graph = Network().graph();
    graph.add_training_heads()->mutable_nodes()->Swap(graph.mutable_nodes());
    graph.mutable_training_heads(0)->set_loss_weight(1);
    EXPECT_THAT(ErrorOf(graph), HasSubstr("does not begin with its input"));
  }
}

}  // namespace
}  // namespace tritlab
