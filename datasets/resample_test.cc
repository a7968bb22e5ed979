#include "datasets/resample.h"

#include <vector>

#include "base/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

std::vector<uint8_t> RandomImage(const ImageSize& size, int channels) {
  std::vector<uint8_t> pixels(size.height * size.width * channels);
  const RandomStream random(1);
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<uint8_t>(random.Below(i, 256));
  return pixels;
}

std::vector<uint8_t> Resampled(const std::vector<uint8_t>& pixels,
                               const ImageSize& image, int channels,
                               const Region& region, const ImageSize& output) {
  std::vector<uint8_t> result(output.height * output.width * channels);
  Resample(pixels.data(), image, channels, region, output, result.data());
  return result;
}

TEST(ResampleTest, IsTheReferenceButForRounding) {
  for (int channels : {1, 2, 3, 4}) {
    for (const ImageSize image :
         {ImageSize{20, 31}, ImageSize{1, 1}, ImageSize{40, 3}}) {
      const std::vector<uint8_t> pixels = RandomImage(image, channels);
      const double h = image.height, w = image.width;
      for (const Region& region :
           {Region{0, 0, h, w}, Region{h / 4, w / 3, h / 2, w / 2},
            Region{h / 2, 0, h / 4, w},
            Region{0.9 * h, 0.9 * w, 0.1 * h, 0.1 * w}}) {
        for (const ImageSize output : {ImageSize{8, 8}, ImageSize{1, 1},
                                       ImageSize{33, 5}, ImageSize{64, 70}}) {
          const std::vector<uint8_t> result =
              Resampled(pixels, image, channels, region, output);
          std::vector<double> expected(result.size());
          internal::ResampleReference(pixels.data(), image, channels, region,
                                      output, expected.data());
          // Half a step of each direction's rounding.
          for (size_t i = 0; i < result.size(); ++i)
            ASSERT_NEAR(result[i], expected[i], 1.01) << i;
        }
      }
    }
  }
}

TEST(ResampleTest, TheSameSizeIsTheSameImage) {
  const ImageSize size{13, 17};
  const std::vector<uint8_t> pixels = RandomImage(size, 3);
  EXPECT_EQ(Resampled(pixels, size, 3, {0, 0, 13, 17}, size), pixels);
  // A part at whole pixels is that part.
  const std::vector<uint8_t> part =
      Resampled(pixels, size, 3, {2, 5, 1, 2}, {1, 2});
  EXPECT_TRUE(
      std::equal(part.begin(), part.end(), pixels.begin() + (2 * 17 + 5) * 3));
}

// Worked out by hand from the formula, rounded to bytes.
TEST(ResampleTest, SmallExamples) {
  // 2 to 4: weights 1, 3/4 and 1/4.
  EXPECT_THAT(Resampled({0, 100}, {1, 2}, 1, {0, 0, 1, 2}, {1, 4}),
              ElementsAre(0, 25, 75, 100));
  // 4 to 2: weights 3, 3, 1 (of 7): (0*3 + 70*3 + 140)/7 = 50.
  EXPECT_THAT(Resampled({0, 70, 140, 210}, {1, 4}, 1, {0, 0, 1, 4}, {1, 2}),
              ElementsAre(50, 160));
}

TEST(ResampleTest, OneColourStaysThatColour) {
  for (uint8_t value : {0, 1, 127, 254, 255}) {
    const std::vector<uint8_t> pixels(50 * 60 * 3, value);
    EXPECT_THAT(Resampled(pixels, {50, 60}, 3, {1.3, 2.7, 40.1, 50.2}, {23, 9}),
                Each(value));
  }
}

// A crop of a resized image is one resampling of the region.
TEST(ResampleTest, CroppingAndResizingAreOneStep) {
  const ImageSize image{60, 80};
  const std::vector<uint8_t> pixels = RandomImage(image, 3);
  const std::vector<uint8_t> resized =
      Resampled(pixels, image, 3, {0, 0, 60, 80}, {30, 40});
  const std::vector<uint8_t> once =
      Resampled(pixels, image, 3, CenterRegion(image, 30, {20, 20}), {20, 20});
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 20 * 3; ++x)
      ASSERT_EQ(once[y * 60 + x], resized[(y + 5) * 120 + 30 + x]);
  }
}

}  // namespace
}  // namespace tritlab
