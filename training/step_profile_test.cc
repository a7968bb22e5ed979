#include "training/step_profile.h"

#include <vector>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

Graph TwoConvolutions() {
  Graph graph;
  for (const char* name : {"image", "conv1", "conv2"})
    graph.add_nodes()->set_name(name);
  return graph;
}

// Sums over steps, sorted, and nothing of the steps' time left out.
TEST(StepProfileTest, RowsAddUpToTheSteps) {
  const Graph graph = TwoConvolutions();
  StepProfile profile(graph);
  for (int step = 0; step < 2; ++step) {
    profile.Add(StepPart{.name = "data_wait", .seconds = 0.5});
    for (const int node : {1, 2}) {
      profile.Add(OperatorRun{.node = node,
                              .kind = "convolution",
                              .pass = Pass::kForward,
                              .seconds = 1.0 * node,
                              .multiply_adds = 100,
                              .bytes = 10});
    }
    profile.EndStep(4);
  }
  EXPECT_EQ(profile.steps(), 2);
  EXPECT_EQ(profile.seconds(), 8);
  const std::vector<StepProfile::Row> kinds = profile.ByKind();
  ASSERT_EQ(kinds.size(), 3u);
  EXPECT_EQ(kinds[0].name, "convolution forward");
  EXPECT_EQ(kinds[0].seconds, 6);
  EXPECT_EQ(kinds[0].runs, 4);
  EXPECT_EQ(kinds[0].multiply_adds, 400);
  EXPECT_EQ(kinds[0].bytes, 40);
  EXPECT_EQ(kinds[1].name, "data_wait");
  EXPECT_EQ(kinds[2].name, "rest");
  EXPECT_EQ(kinds[2].seconds, 1);
  const std::vector<StepProfile::Row> operators = profile.ByOperator();
  ASSERT_EQ(operators.size(), 4u);
  EXPECT_EQ(operators[0].name, "conv2 convolution forward");
  EXPECT_EQ(operators[1].name, "conv1 convolution forward");
  EXPECT_EQ(operators[2].name, "data_wait");
}

// What ran in one pass of a node is not mixed with another of its passes.
TEST(StepProfileTest, PassesAreRowsOfTheirOwn) {
  const Graph graph = TwoConvolutions();
  StepProfile profile(graph);
  for (const Pass pass : {Pass::kLoadWeights, Pass::kForward,
                          Pass::kBackwardWeights, Pass::kBackward}) {
    profile.Add(OperatorRun{
        .node = 1, .kind = "convolution", .pass = pass, .seconds = 1});
  }
  EXPECT_EQ(profile.ByKind().size(), 5u);
}

}  // namespace
}  // namespace tritlab
