#include "training/fusion.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/graph_builder.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

using testing::ElementsAre;

InputOperator Image() {
  InputOperator image;
  image.set_height(8);
  image.set_width(8);
  image.set_channels(4);
  return image;
}

// Each operator by the names of its nodes and, in brackets, of what it reads.
std::vector<std::string> Fused(const Graph& graph, bool training) {
  const ShapedGraph shaped = *InferShapes(graph, /*batch=*/2);
  std::vector<std::string> all;
  for (const FusedNodes& fused : FuseNodes(graph, shaped, training)) {
    std::string text = graph.nodes(fused.first).name();
    for (const int node : {fused.add, fused.relu})
      if (node >= 0) text += "+" + graph.nodes(node).name();
    for (const int node : fused.inputs)
      text += " (" + graph.nodes(node).name() + ")";
    EXPECT_EQ(fused.output(), fused.relu >= 0  ? fused.relu
                              : fused.add >= 0 ? fused.add
                                               : fused.first);
    all.push_back(text);
  }
  return all;
}

// The end of a residual block whose shortcut is normalized as well: one of the
// two is computed with the addition, in training only.
TEST(FusionTest, ResidualBlock) {
  GraphBuilder net("block", Image());
  net.Convolution("conv1", "image", 4, 3, 1);
  net.BatchNormalization("bn1", "conv1");
  net.Convolution("conv2", "image", 4, 1, 1);
  net.BatchNormalization("bn2", "conv2");
  net.Add("add", "bn1", "bn2");
  net.Relu("relu", "add");
  net.Linear("fc", "relu", 3);
  EXPECT_THAT(Fused(net.graph(), /*training=*/true),
              ElementsAre("conv1 (image)", "conv2 (image)", "bn2 (conv2)",
                          "bn1+add+relu (conv1) (bn2)", "fc (relu)"));
  EXPECT_THAT(Fused(net.graph(), /*training=*/false),
              ElementsAre("conv1 (image)", "bn1 (conv1)", "conv2 (image)",
                          "bn2 (conv2)", "add+relu (bn1) (bn2)", "fc (relu)"));
}

// Protects: what somebody else reads is computed as it is, as is an addition
// that no ReLU follows, and a ReLU behind anything else.
TEST(FusionTest, WhatOthersReadIsNotFused) {
  GraphBuilder net("branches", Image());
  net.Relu("relu0", "image");
  net.BatchNormalization("bn1", "relu0");
  net.Relu("relu1", "bn1");
  net.Add("add1", "bn1", "relu1");
  net.BatchNormalization("bn2", "add1");
  net.Add("add2", "bn2", "bn2");
  net.Relu("relu2", "add2");
  net.Linear("fc", "relu2", 3);
  for (const bool training : {false, true}) {
    EXPECT_THAT(Fused(net.graph(), training),
                ElementsAre("relu0 (image)", "bn1 (relu0)", "relu1 (bn1)",
                            "add1 (bn1) (relu1)", "bn2 (add1)",
                            "add2+relu2 (bn2) (bn2)", "fc (relu2)"));
  }
}

}  // namespace
}  // namespace tritlab
