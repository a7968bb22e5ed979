#include "reports/scaling/scaling_model.h"

#include <cmath>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// 100 ms a step, 60 of them backwards; 100 MB of gradients in 10 buckets over
// 1 GB/s with 1 ms a message.
constexpr ScalingModel kModel = {.algorithm = AllReduceAlgorithm::kRing,
                                 .compute_seconds = 0.1,
                                 .overlap_seconds = 0.06,
                                 .images = 32,
                                 .gradient_bytes = 100e6,
                                 .bucket_bytes = 10e6,
                                 .bandwidth = 1e9,
                                 .latency = 1e-3,
                                 .waits = 0};

// By hand, from the formulas in the header.
TEST(ScalingModelTest, AgreesWithFiguresByHand) {
  const ScaledStep one = ScaleStep(kModel, 1);
  EXPECT_DOUBLE_EQ(one.all_reduce_seconds, 0);
  EXPECT_DOUBLE_EQ(one.step_seconds, 0.1);
  EXPECT_DOUBLE_EQ(one.images_per_second, 320);
  EXPECT_DOUBLE_EQ(one.efficiency, 1);

  // 10 * 2 * 1 ms + 2 * 1/2 * 100 ms = 120 ms, of which 60 are hidden.
  const ScaledStep two = ScaleStep(kModel, 2);
  EXPECT_DOUBLE_EQ(two.all_reduce_seconds, 0.12);
  EXPECT_DOUBLE_EQ(two.exposed_seconds, 0.06);
  EXPECT_DOUBLE_EQ(two.step_seconds, 0.16);
  EXPECT_DOUBLE_EQ(two.images_per_second, 400);
  EXPECT_DOUBLE_EQ(two.efficiency, 0.625);

  // 10 * 6 * 1 ms + 2 * 3/4 * 100 ms = 210 ms.
  EXPECT_DOUBLE_EQ(ScaleStep(kModel, 4).all_reduce_seconds, 0.21);
  // Two rounds there and two back, instead of three: 190 ms. A fifth rank hands
  // all over and gets all back: 10 * 3 * 1 ms + 2 * 100 ms more.
  ScalingModel tree = kModel;
  tree.algorithm = AllReduceAlgorithm::kHalvingDoubling;
  EXPECT_DOUBLE_EQ(ScaleStep(tree, 4).all_reduce_seconds, 0.19);
  EXPECT_DOUBLE_EQ(ScaleStep(tree, 5).all_reduce_seconds, 0.42);
  // A binomial tree sends everything at each of 2 * 2 rounds.
  tree.algorithm = AllReduceAlgorithm::kBinomial;
  EXPECT_DOUBLE_EQ(ScaleStep(tree, 4).all_reduce_seconds, 0.44);
  EXPECT_DOUBLE_EQ(ScaleStep(tree, 1).all_reduce_seconds, 0);
}

// Three short all-reduces of 2 * 2 messages of 1 ms each.
TEST(ScalingModelTest, ShortAllReducesAreWaitedFor) {
  ScalingModel model = kModel;
  model.waits = 3;
  const ScaledStep step = ScaleStep(model, 4);
  EXPECT_DOUBLE_EQ(step.wait_seconds, 0.012);
  EXPECT_DOUBLE_EQ(step.step_seconds,
                   ScaleStep(kModel, 4).step_seconds + 0.012);
  EXPECT_DOUBLE_EQ(ScaleStep(model, 1).step_seconds, 0.1);
}

// However much the backward pass could hide, the last bucket leaves at its end.
TEST(ScalingModelTest, TheLastBucketIsNeverHidden) {
  ScalingModel model = kModel;
  model.bandwidth = 10e9;
  model.latency = 0;
  const ScaledStep step = ScaleStep(model, 2);
  EXPECT_DOUBLE_EQ(step.all_reduce_seconds, 0.01);
  EXPECT_DOUBLE_EQ(step.exposed_seconds, 0.001);
}

TEST(ScalingModelTest, TheTableShowsARowForEachNumberOfRanks) {
  const Table table = ScalingTable(kModel, {1, 2});
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_THAT(table.rows[1], ElementsAre("2", "120.00", "60.00", "0.00",
                                         "160.00", "400", "62.5"));
  EXPECT_THAT(table.caption, HasSubstr("links of 8 Gbit/s"));
}

TEST(ScalingModelTest, ImpossibleModelsAreRefusedByName) {
  EXPECT_TRUE(ValidateScalingModel(kModel).ok());
  ScalingModel model = kModel;
  model.bandwidth = 0;
  EXPECT_THAT(std::string(ValidateScalingModel(model).message()),
              HasSubstr("bandwidth is 0"));
  model = kModel;
  model.latency = NAN;
  EXPECT_FALSE(ValidateScalingModel(model).ok());
  model = kModel;
  model.overlap_seconds = 0.2;
  EXPECT_THAT(std::string(ValidateScalingModel(model).message()),
              HasSubstr("a part of compute_seconds"));
}

}  // namespace
}  // namespace tritlab
