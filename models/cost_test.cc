#include "models/cost.h"

#include <cstdint>

#include "gtest/gtest.h"
#include "models/graph_builder.h"

namespace tritlab {
namespace {

// A 4x4 image of 2 channels through 3x3, batch normalization, two groups of 1x1
// with biases, and a classifier.
Graph SmallGraph() {
  InputOperator image;
  image.set_height(4);
  image.set_width(4);
  image.set_channels(2);
  GraphBuilder net("small", image);
  std::string x = net.Convolution("conv1", "image", 6, 3, 2);
  x = net.Relu("relu", net.BatchNormalization("bn", x));
  x = net.Convolution("conv2", x, 4, 1, 1, /*padding=*/0, /*bias=*/true,
                      /*groups=*/2);
  net.Linear("fc", net.Dropout("drop", net.Concat("concat", {x, x}), 0.5f), 10);
  return net.graph();
}

TEST(WorkOf, CountsOneImageOfEachLayer) {
  const auto work = WorkOf(SmallGraph());
  ASSERT_TRUE(work.ok()) << work.status();
  struct Expected {
    const char* name;
    int64_t weights, multiply_adds, inputs, outputs;
  };
  const Expected expected[] = {{"conv1", 6 * 9 * 2, 4 * 6 * 9 * 2, 32, 24},
                               {"conv2", 4 * 3, 4 * 4 * 3, 24, 16},
                               {"fc", 10 * 32, 10 * 32, 32, 10}};
  ASSERT_EQ(work->size(), 3u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ((*work)[i].name, expected[i].name);
    EXPECT_EQ((*work)[i].weights, expected[i].weights);
    EXPECT_EQ((*work)[i].multiply_adds, expected[i].multiply_adds);
    EXPECT_EQ((*work)[i].inputs, expected[i].inputs);
    EXPECT_EQ((*work)[i].outputs, expected[i].outputs);
  }
}

TEST(CountCost, AddsBiasesScalesAndShifts) {
  const auto cost = CountCost(SmallGraph());
  ASSERT_TRUE(cost.ok()) << cost.status();
  EXPECT_EQ(cost->parameters, 108 + 2 * 6 + (12 + 4) + (320 + 10));
  EXPECT_EQ(cost->multiply_adds, 432 + 48 + 320);
}

TEST(CountCost, RefusesAnImpossibleGraph) {
  EXPECT_EQ(CountCost(Graph()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// A file may state any network; counts of it must not overflow.
TEST(WorkOf, MoreThanCanBeCountedIsRefused) {
  InputOperator image;
  image.set_height(1 << 15);
  image.set_width(1 << 15);
  image.set_channels(1 << 9);
  GraphBuilder net("huge", image);
  net.Convolution("conv", "image", 1 << 9, 3, 1);
  EXPECT_EQ(WorkOf(net.graph()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tritlab
