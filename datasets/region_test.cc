#include "datasets/region.h"

#include <set>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

constexpr ImageSize kCrop{224, 224};

void ExpectNear(const Region& region, const Region& expected) {
  EXPECT_NEAR(region.top, expected.top, 1e-9);
  EXPECT_NEAR(region.left, expected.left, 1e-9);
  EXPECT_NEAR(region.height, expected.height, 1e-9);
  EXPECT_NEAR(region.width, expected.width, 1e-9);
}

TEST(ResizedSizeTest, TheLongerSideIsRoundedDown) {
  EXPECT_EQ(ResizedSize({375, 500}, 256), (ImageSize{256, 341}));
  EXPECT_EQ(ResizedSize({500, 375}, 256), (ImageSize{341, 256}));
  EXPECT_EQ(ResizedSize({64, 64}, 256), (ImageSize{256, 256}));
  // 2^31 and more on the way.
  EXPECT_EQ(ResizedSize({8192, 300000}, 8192), (ImageSize{8192, 300000}));
}

// The numbers are torchvision's Resize(256) and CenterCrop(224).
TEST(CenterRegionTest, IsThePapersCrop) {
  // 375 x 500 becomes 256 x 341; crop from row 16, column round(58.5) = 58.
  const double y = 375.0 / 256, x = 500.0 / 341;
  ExpectNear(CenterRegion({375, 500}, 256, kCrop),
             {16 * y, 58 * x, 224 * y, 224 * x});
  // Upright, and 343 - 224 = 119, whose half is rounded up to 60.
  ExpectNear(CenterRegion({343, 256}, 256, kCrop), {60, 16, 224, 224});
  ExpectNear(CenterRegion({256, 343}, 256, kCrop), {16, 60, 224, 224});
  // Smaller images are enlarged.
  ExpectNear(CenterRegion({64, 64}, 256, kCrop), {4, 4, 56, 56});
  ExpectNear(CenterRegion({1, 1}, 224, kCrop), {0, 0, 1, 1});
}

TEST(FiveRegionsTest, AreTheCornersAndTheCentreOfTheSquare) {
  const auto regions = FiveRegions({256, 300}, 256, kCrop);
  ExpectNear(regions[0], {0, 22, 224, 224});
  ExpectNear(regions[1], {0, 54, 224, 224});
  ExpectNear(regions[2], {32, 22, 224, 224});
  ExpectNear(regions[3], {32, 54, 224, 224});
  ExpectNear(regions[4], {16, 38, 224, 224});
  ExpectNear(regions[4], CenterRegion({256, 300}, 256, kCrop));
}

void ExpectInside(const Region& region, const ImageSize& image) {
  EXPECT_GE(region.top, 0);
  EXPECT_GE(region.left, 0);
  EXPECT_GT(region.height, 0);
  EXPECT_GT(region.width, 0);
  EXPECT_LE(region.top + region.height, image.height + 1e-9);
  EXPECT_LE(region.left + region.width, image.width + 1e-9);
}

// Also images that are far from square, which some crops do not fit into.
constexpr ImageSize kSizes[] = {{375, 500}, {500, 375}, {1, 1},   {2, 3},
                                {10, 2000}, {2000, 10}, {64, 64}, {1, 5000}};

TEST(RegionTest, EveryRegionIsInsideTheImage) {
  RandomCropSpec crop;
  crop.set_shorter_side_max(480);
  for (const ImageSize& image : kSizes) {
    ExpectInside(CenterRegion(image, 256, kCrop), image);
    for (const Region& region : FiveRegions(image, 256, kCrop))
      ExpectInside(region, image);
    for (int i = 0; i < 500; ++i) {
      const RandomStream random(1, i);
      ExpectInside(RandomCrop(crop, image, 256, kCrop, random), image);
      ExpectInside(RandomResizedCrop({}, image, random), image);
    }
  }
}

TEST(RandomCropTest, EveryPlaceAndEverySideComesUp) {
  RandomCropSpec spec;
  std::set<double> tops, lefts;
  for (int i = 0; i < 2000; ++i) {
    const Region region =
        RandomCrop(spec, {230, 232}, 230, kCrop, RandomStream(1, i));
    EXPECT_EQ(region.height, 224);
    tops.insert(region.top);
    lefts.insert(region.left);
  }
  EXPECT_EQ(tops.size(), 7u);
  EXPECT_EQ(lefts.size(), 9u);
  spec.set_shorter_side_min(230);
  spec.set_shorter_side_max(240);
  std::set<double> heights;
  for (int i = 0; i < 2000; ++i) {
    heights.insert(
        RandomCrop(spec, {500, 500}, 256, kCrop, RandomStream(1, i)).height);
  }
  EXPECT_EQ(heights.size(), 11u);
}

TEST(RandomResizedCropTest, ScaleAndRatioAreWithinTheLimits) {
  const ImageSize image{400, 600};
  double least = 1, most = 0, narrowest = 9, widest = 0;
  for (int i = 0; i < 5000; ++i) {
    const Region region = RandomResizedCrop({}, image, RandomStream(1, i));
    const double scale = region.height * region.width / (400 * 600);
    least = std::min(least, scale);
    most = std::max(most, scale);
    narrowest = std::min(narrowest, region.width / region.height);
    widest = std::max(widest, region.width / region.height);
  }
  EXPECT_NEAR(least, 0.08, 0.005);
  EXPECT_GT(most, 0.8);
  EXPECT_LE(most, 1);
  EXPECT_NEAR(narrowest, 0.75, 0.02);
  EXPECT_NEAR(widest, 1.333, 0.02);
}

TEST(RandomResizedCropTest, WhatFitsNowhereIsTheMiddle) {
  RandomResizedCropSpec whole;
  whole.set_scale_min(1);
  // A ratio of 4/3 at most.
  EXPECT_EQ(RandomResizedCrop(whole, {300, 1000}, RandomStream(1)),
            (Region{0, 300, 300, 400}));
  EXPECT_EQ(RandomResizedCrop(whole, {1000, 300}, RandomStream(1)),
            (Region{300, 0, 400, 300}));
}

TEST(RandomResizedCropTest, TheWholeImageIsPossible) {
  RandomResizedCropSpec whole;
  whole.set_scale_min(1);
  whole.set_ratio_min(1);
  whole.set_ratio_max(1);
  EXPECT_EQ(RandomResizedCrop(whole, {64, 64}, RandomStream(3)),
            (Region{0, 0, 64, 64}));
}

}  // namespace
}  // namespace tritlab
