#include "datasets/color_jitter.h"

#include <cmath>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::ElementsAre;

std::vector<uint8_t> Changed(const ColorDecision& decision,
                             std::vector<uint8_t> pixels) {
  ApplyColor(decision, static_cast<int64_t>(pixels.size()) / 3, pixels.data());
  return pixels;
}

// Two pixels; their greys are 75 (of 74.9...) and 100, the mean is 88.
const std::vector<uint8_t> kPixels = {100, 50, 150, 100, 100, 100};

TEST(ColorJitterTest, EachChangeIsItsFormula) {
  ColorDecision brightness;
  brightness.factor[0] = 1.5f;
  EXPECT_THAT(Changed(brightness, kPixels),
              ElementsAre(150, 75, 225, 150, 150, 150));
  brightness.factor[0] = 2;
  EXPECT_THAT(Changed(brightness, kPixels),
              ElementsAre(200, 100, 255, 200, 200, 200));
  // grey = (19595 * 100 + 38470 * 50 + 7471 * 150 + 32768) >> 16 = 76.
  ColorDecision saturation;
  saturation.factor[2] = 0.5f;
  EXPECT_THAT(Changed(saturation, kPixels),
              ElementsAre(88, 63, 113, 100, 100, 100));
  saturation.factor[2] = 0;
  EXPECT_THAT(Changed(saturation, kPixels),
              ElementsAre(76, 76, 76, 100, 100, 100));
  // The mean of 76 and 100 is 88.
  ColorDecision contrast;
  contrast.factor[1] = 0.5f;
  EXPECT_THAT(Changed(contrast, kPixels), ElementsAre(94, 69, 119, 94, 94, 94));
  ColorDecision shift;
  shift.shift = {5, -60, 200};
  EXPECT_THAT(Changed(shift, kPixels), ElementsAre(105, 0, 255, 105, 40, 255));
}

TEST(ColorJitterTest, TheOrderMatters) {
  ColorDecision first, last;
  first.factor = last.factor = {2, 0.5f, 1};
  last.order = {ColorChange::kContrast, ColorChange::kBrightness,
                ColorChange::kSaturation};
  EXPECT_NE(Changed(first, kPixels), Changed(last, kPixels));
}

TEST(DecideColorTest, NothingIsDoneUnlessAsked) {
  ColorDecision decision = DecideColor({}, RandomStream(1));
  EXPECT_EQ(Changed(decision, kPixels), kPixels);
}

TEST(DecideColorTest, FactorsAndOrdersAreSpreadOverTheirRanges) {
  ColorJitterSpec spec;
  spec.set_brightness(0.4f);
  spec.set_contrast(2);
  spec.set_saturation(0.1f);
  spec.set_lighting(0.1f);
  const float low[3] = {0.6f, 0, 0.9f}, high[3] = {1.4f, 3, 1.1f};
  std::set<std::array<ColorChange, 3>> orders;
  float least[3] = {9, 9, 9}, most[3] = {0, 0, 0};
  double squares = 0;
  for (int i = 0; i < 3000; ++i) {
    const ColorDecision decision = DecideColor(spec, RandomStream(1, i));
    orders.insert(decision.order);
    for (int c = 0; c < 3; ++c) {
      least[c] = std::min(least[c], decision.factor[c]);
      most[c] = std::max(most[c], decision.factor[c]);
    }
    squares += decision.shift[0] * decision.shift[0] / 3000;
  }
  EXPECT_EQ(orders.size(), 6u);
  for (int c = 0; c < 3; ++c) {
    const float tolerance = 0.02f * (high[c] - low[c]);
    EXPECT_NEAR(least[c], low[c], tolerance);
    EXPECT_NEAR(most[c], high[c], tolerance);
  }
  // sqrt((0.2175 * 0.5675)^2 + (0.0188 * 0.7192)^2 + ...) = 0.1242.
  EXPECT_NEAR(std::sqrt(squares), 25.5 * 0.1242, 0.15);
}

}  // namespace
}  // namespace tritlab
