#include "quant/weight_sets.h"

#include <vector>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

// Protects: the set is that of the value, whatever the codes and scales are.
TEST(SetsOf, FollowsTheSignOfTheValue) {
  EXPECT_EQ(SetsOf({.codes = {0, 1, 2, 2, 1},
                    .codebook = {0.0f, 1.5f, -0.5f},
                    .bits = 2}),
            (std::vector<uint8_t>{0, 1, 2, 2, 1}));
  EXPECT_EQ(SetsOf({.codes = {4, 3, 2, 1, 0},
                    .codebook = {-1, -0.5f, -0.0f, 0.5f, 1},
                    .bits = 3}),
            (std::vector<uint8_t>{1, 1, 0, 2, 2}));
  // One scale for each of two output channels; the second takes all out.
  EXPECT_EQ(SetsOf({.codes = {0, 1, 0, 1},
                    .codebook = {-1, 1},
                    .bits = 1,
                    .channel_scales = {0.25f, 0}}),
            (std::vector<uint8_t>{2, 1, 0, 0}));
}

TEST(CountSets, SharesAndChanges) {
  const std::vector<uint8_t> before = {0, 0, 1, 1, 2, 2, 2, 2};
  const std::vector<uint8_t> now = {0, 1, 1, 0, 2, 2, 2, 1};
  const WeightSets sets = CountSets(now, before);
  EXPECT_FLOAT_EQ(sets.zero(), 2.0f / 8);
  EXPECT_FLOAT_EQ(sets.positive(), 3.0f / 8);
  EXPECT_FLOAT_EQ(sets.negative(), 3.0f / 8);
  ASSERT_TRUE(sets.has_changed());
  EXPECT_FLOAT_EQ(sets.changed(), 3.0f / 8);
  EXPECT_EQ(CountSets(now, now).changed(), 0);
}

// Protects: "not known" is not "none".
TEST(CountSets, WithoutABefore) {
  EXPECT_FALSE(CountSets(std::vector<uint8_t>{0, 1}, {}).has_changed());
  EXPECT_EQ(CountSets({}, {}).zero(), 0);
}

TEST(GradientsBySet, NormsOfEachSet) {
  const std::vector<float> quantized = {1.5f, 0, -0.5f, 1.5f, -0.0f};
  const std::vector<float> gradients = {3, -2, 7, -4, 0};
  const SetGradients norms = GradientsBySet(quantized, gradients);
  EXPECT_FLOAT_EQ(norms.positive(), 5);
  EXPECT_FLOAT_EQ(norms.zero(), 2);
  EXPECT_FLOAT_EQ(norms.negative(), 7);
  EXPECT_EQ(GradientsBySet({}, {}).zero(), 0);
}

}  // namespace
}  // namespace tritlab
