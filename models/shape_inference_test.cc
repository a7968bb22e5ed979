#include "models/shape_inference.h"

#include <cmath>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/graph_builder.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

InputOperator Image() {
  InputOperator image;
  image.set_height(9);
  image.set_width(7);
  image.set_channels(3);
  return image;
}

std::string ErrorOf(const Graph& graph) {
  return std::string(InferShapes(graph, 4).status().message());
}

TEST(ShapeInferenceTest, EveryOperator) {
  GraphBuilder net("net", Image());
  std::string x = net.Convolution("conv", "image", 8, 3, 2);
  x = net.Relu("relu", net.BatchNormalization("bn", x));
  const std::string padded = net.ChannelPad("pad", x, 1, 2);
  x = net.Add("add", padded, padded);
  x = net.AveragePool("average", x, 2, 2);
  x = net.GlobalAveragePool("global", x);
  net.Linear("fc", x, 10);
  const auto shaped = InferShapes(net.graph(), 4);
  ASSERT_TRUE(shaped.ok()) << shaped.status();
  EXPECT_THAT(shaped->shapes,
              testing::ElementsAre(
                  Shape{4, 9, 7, 3}, Shape{4, 5, 4, 8}, Shape{4, 5, 4, 8},
                  Shape{4, 5, 4, 8}, Shape{4, 5, 4, 11}, Shape{4, 5, 4, 11},
                  Shape{4, 2, 2, 11}, Shape{4, 1, 1, 11}, Shape{4, 1, 1, 10}));
  EXPECT_THAT(shaped->inputs[5], testing::ElementsAre(4, 4));
}

// Classifiers with a hidden layer (VGG) pool by maximum and normalize features
// that have no place in an image.
TEST(ShapeInferenceTest, BatchNormalizationOfALinearLayer) {
  GraphBuilder net("net", Image());
  std::string x = net.MaxPool("max", "image", 2, 2);
  x = net.Linear("fc1", x, 20);
  x = net.Relu("relu", net.BatchNormalization("bn", x));
  net.Linear("fc2", x, 10);
  const auto shaped = InferShapes(net.graph(), 4);
  ASSERT_TRUE(shaped.ok()) << shaped.status();
  EXPECT_THAT(shaped->shapes,
              testing::ElementsAre(Shape{4, 9, 7, 3}, Shape{4, 4, 3, 3},
                                   Shape{4, 1, 1, 20}, Shape{4, 1, 1, 20},
                                   Shape{4, 1, 1, 20}, Shape{4, 1, 1, 10}));
}

TEST(ShapeInferenceTest, OperatorsOfTheOldNetworks) {
  GraphBuilder net("net", Image());
  const std::string a = net.LocalResponseNormalization(
      "norm", net.Convolution("a", "image", 8, 3, 1));
  const std::string b = net.Convolution("b", "image", 6, 1, 1, 0,
                                        /*bias=*/true, /*groups=*/3);
  std::string x = net.Concat("concat", {a, b, "image"});
  x = net.CeilMaxPool("pool", x, 2, 2);
  net.Linear("fc", net.Dropout("drop", x, 0.5f), 10);
  const auto shaped = InferShapes(net.graph(), 4);
  ASSERT_TRUE(shaped.ok()) << shaped.status();
  EXPECT_THAT(shaped->shapes,
              testing::ElementsAre(Shape{4, 9, 7, 3}, Shape{4, 9, 7, 8},
                                   Shape{4, 9, 7, 8}, Shape{4, 9, 7, 6},
                                   Shape{4, 9, 7, 17}, Shape{4, 5, 4, 17},
                                   Shape{4, 5, 4, 17}, Shape{4, 1, 1, 10}));
  EXPECT_THAT(shaped->inputs[4], testing::ElementsAre(2, 3, 0));
}

// Graphs may come from files: each mistake is an error that names the node.
TEST(ShapeInferenceTest, MistakesNameTheirNode) {
  EXPECT_THAT(ErrorOf(Graph()), HasSubstr("does not begin with its input"));
  {
    GraphBuilder net("net", Image());
    net.Relu("relu", "nowhere");
    EXPECT_THAT(
        ErrorOf(net.graph()),
        HasSubstr("node \"relu\": no node before it is named \"nowhere\""));
  }
  {
    GraphBuilder net("net", Image());
    net.Relu("image", "image");
    EXPECT_THAT(ErrorOf(net.graph()), HasSubstr("used before"));
  }
  {
    GraphBuilder net("net", Image());
    net.Add("add", "image", net.Convolution("conv", "image", 8, 3, 1));
    EXPECT_THAT(ErrorOf(net.graph()),
                HasSubstr("node \"add\": it adds 4x9x7x3 to 4x9x7x8"));
  }
  {
    GraphBuilder net("net", Image());
    net.Convolution("conv", "image", 8, 3, 0);
    EXPECT_THAT(ErrorOf(net.graph()), HasSubstr("node \"conv\""));
  }
  {
    GraphBuilder net("net", Image());
    net.AveragePool("pool", "image", 10, 1);
    EXPECT_THAT(ErrorOf(net.graph()), HasSubstr("node \"pool\""));
  }
  {
    GraphBuilder net("net", Image());
    net.ChannelPad("pad", "image", -1, 0);
    EXPECT_THAT(ErrorOf(net.graph()),
                HasSubstr("node \"pad\": channel_pad is negative"));
  }
  {
    GraphBuilder net("net", Image());
    net.Concat("concat", {"image", net.AveragePool("pool", "image", 2, 2)});
    EXPECT_THAT(
        ErrorOf(net.graph()),
        HasSubstr("node \"concat\": it concatenates 4x9x7x3 with 4x4x3x3"));
  }
  {
    GraphBuilder net("net", Image());
    net.Concat("concat", {});
    EXPECT_THAT(ErrorOf(net.graph()), HasSubstr("it has 0 inputs"));
  }
  for (const float rate : {-0.1f, 1.0f, NAN}) {
    GraphBuilder net("net", Image());
    net.Dropout("drop", "image", rate);
    EXPECT_THAT(ErrorOf(net.graph()),
                HasSubstr("node \"drop\": dropout.rate is"));
  }
  {
    GraphBuilder net("net", Image());
    net.LocalResponseNormalization("norm", "image");
    net.graph()
        .mutable_nodes(1)
        ->mutable_local_response_normalization()
        ->set_size(4);
    EXPECT_THAT(ErrorOf(net.graph()), HasSubstr("size is 4"));
  }
  {
    GraphBuilder net("net", Image());
    net.Convolution("conv", "image", 8, 3, 1, 1, false, /*groups=*/2);
    EXPECT_THAT(ErrorOf(net.graph()),
                HasSubstr("node \"conv\": convolution: groups = 2"));
  }
  {
    GraphBuilder net("net", Image());
    net.Relu("relu", "image");
    net.graph().mutable_nodes(1)->add_inputs("image");
    EXPECT_THAT(ErrorOf(net.graph()), HasSubstr("it has 2 inputs; it needs 1"));
  }
  {
    GraphBuilder net("net", Image());
    net.Relu("relu", "image");
    net.graph().mutable_nodes(1)->clear_operator();
    EXPECT_THAT(ErrorOf(net.graph()), HasSubstr("node \"relu\""));
  }
}

}  // namespace
}  // namespace tritlab
