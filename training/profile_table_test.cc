#include "training/profile_table.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// Units and shares: 2 ms a step of 4, 3 GMAC/s of 30, 1.5 GB/s of 15.
TEST(ProfileTableTest, SaysTimeShareAndRates) {
  Graph graph;
  graph.add_nodes()->set_name("conv1");
  StepProfile profile(graph);
  for (int step = 0; step < 10; ++step) {
    profile.Add(OperatorRun{.node = 0,
                            .kind = "convolution",
                            .pass = Pass::kForward,
                            .seconds = 0.002,
                            .multiply_adds = 6000000,
                            .bytes = 3000000});
    profile.Add(StepPart{.name = "optimizer", .seconds = 0.001});
    profile.EndStep(0.004);
  }
  const std::string table =
      ProfileTable(profile, {.f32_multiply_adds = 30e9, .bytes = 15e9});
  EXPECT_THAT(table, HasSubstr("10 steps of 4.000 ms"));
  EXPECT_THAT(table,
              ContainsRegex("convolution forward +2.000 +50.0% +3.00 +10.0% "
                            "+1.50 +10.0%"));
  EXPECT_THAT(table, ContainsRegex("conv1 convolution forward +2.000"));
  EXPECT_THAT(table, ContainsRegex("optimizer +1.000 +25.0%"));
  EXPECT_THAT(table, ContainsRegex("rest +1.000 +25.0%"));
}

}  // namespace
}  // namespace tritlab
