#include "datasets/augmentation.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::HasSubstr;

std::vector<uint8_t> RandomPixels(const ImageShape& shape) {
  std::vector<uint8_t> pixels(shape.size());
  const RandomStream random(1);
  for (size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<uint8_t>(random.Below(i, 256));
  }
  return pixels;
}

// Step by step: pad, crop, flip, normalize, cut out.
std::vector<float> Reference(const ImageShape& shape,
                             const Normalization& normalization,
                             const AugmentationDecision& decision,
                             const std::vector<uint8_t>& pixels) {
  std::vector<float> output;
  for (int y = 0; y < shape.height; ++y) {
    for (int x = 0; x < shape.width; ++x) {
      for (int c = 0; c < shape.channels; ++c) {
        const int crop_x = decision.flip ? shape.width - 1 - x : x;
        const int from_y = y + decision.shift_y;
        const int from_x = crop_x + decision.shift_x;
        const bool inside = from_y >= 0 && from_y < shape.height &&
                            from_x >= 0 && from_x < shape.width;
        const uint8_t byte =
            inside
                ? pixels[(from_y * shape.width + from_x) * shape.channels + c]
                : 0;
        float value =
            (byte / 255.0f - normalization.mean[c]) / normalization.std[c];
        const int top = decision.cutout_y - decision.cutout_size / 2;
        const int left = decision.cutout_x - decision.cutout_size / 2;
        if (y >= top && y < top + decision.cutout_size && x >= left &&
            x < left + decision.cutout_size) {
          value = 0;
        }
        output.push_back(value);
      }
    }
  }
  return output;
}

TEST(ImageTransformTest, EqualsTheReferenceBitForBit) {
  for (const ImageShape shape :
       {ImageShape{32, 32, 3}, ImageShape{5, 7, 3}, ImageShape{6, 4, 1}}) {
    Normalization normalization{{0.49f, 0.48f, 0.45f}, {0.25f, 0.24f, 0.26f}};
    normalization.mean.resize(shape.channels);
    normalization.std.resize(shape.channels);
    const ImageTransform transform(shape, normalization);
    const std::vector<uint8_t> pixels = RandomPixels(shape);
    for (int shift_y : {0, -3, 4}) {
      for (int shift_x : {0, -2, 3, 100, -100}) {
        for (bool flip : {false, true}) {
          for (int cutout : {0, 1, 4, 5}) {
            for (int corner : {0, 3}) {
              const AugmentationDecision decision{
                  shift_y, shift_x, flip, cutout, corner, shape.width - 1};
              std::vector<float> output(shape.size(), -99.0f);
              transform.Apply(pixels.data(), decision, output.data());
              ASSERT_EQ(output,
                        Reference(shape, normalization, decision, pixels));
            }
          }
        }
      }
    }
  }
}

TEST(DecideAugmentationTest, NothingIsDoneUnlessAsked) {
  const AugmentationDecision decision =
      DecideAugmentation(AugmentationSpec(), {32, 32, 3}, 1, 2, 3);
  EXPECT_EQ(decision.shift_y, 0);
  EXPECT_EQ(decision.shift_x, 0);
  EXPECT_FALSE(decision.flip);
  EXPECT_EQ(decision.cutout_size, 0);
}

TEST(DecideAugmentationTest, EveryChoiceComesUpAndNoOther) {
  AugmentationSpec spec;
  spec.set_pad_crop(2);
  spec.set_flip(true);
  spec.set_cutout(6);
  std::set<int> shifts_y, shifts_x, centers_y, centers_x;
  int flips = 0;
  for (int image = 0; image < 2000; ++image) {
    const AugmentationDecision decision =
        DecideAugmentation(spec, {8, 9, 3}, 1, 0, image);
    shifts_y.insert(decision.shift_y);
    shifts_x.insert(decision.shift_x);
    centers_y.insert(decision.cutout_y);
    centers_x.insert(decision.cutout_x);
    EXPECT_EQ(decision.cutout_size, 6);
    flips += decision.flip;
  }
  EXPECT_EQ(shifts_y, (std::set<int>{-2, -1, 0, 1, 2}));
  EXPECT_EQ(shifts_x, shifts_y);
  EXPECT_EQ(centers_y, (std::set<int>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(centers_x, (std::set<int>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_NEAR(flips, 1000, 100);
}

TEST(DecideAugmentationTest, SeedEpochAndImageEachMatter) {
  AugmentationSpec spec;
  spec.set_cutout(1);
  const ImageShape large{10000, 10000, 3};
  std::set<int> seen;
  for (int seed : {1, 2}) {
    for (int epoch : {0, 1}) {
      for (int image : {0, 1}) {
        const int y =
            DecideAugmentation(spec, large, seed, epoch, image).cutout_y;
        EXPECT_EQ(y,
                  DecideAugmentation(spec, large, seed, epoch, image).cutout_y);
        seen.insert(y);
      }
    }
  }
  EXPECT_EQ(seen.size(), 8u);
}

TEST(DecideRegionTest, IsAFunctionOfSeedEpochAndImage) {
  AugmentationSpec spec;
  EXPECT_FALSE(HasRandomRegion(spec));
  spec.mutable_random_resized_crop();
  ASSERT_TRUE(HasRandomRegion(spec));
  std::set<std::pair<double, double>> seen;
  for (int seed : {1, 2}) {
    for (int epoch : {0, 1}) {
      for (int image : {0, 1}) {
        const auto decide = [&] {
          return DecideRegion(spec, {4000, 5000}, {224, 224, 3}, 256, seed,
                              epoch, image);
        };
        EXPECT_EQ(decide(), decide());
        seen.insert({decide().top, decide().left});
      }
    }
  }
  EXPECT_EQ(seen.size(), 8u);
}

// What is new leaves what was drawn before as it was.
TEST(DecideAugmentationTest, CropAndColourDoNotChangeTheRest) {
  AugmentationSpec spec;
  spec.set_pad_crop(2);
  spec.set_flip(true);
  spec.set_cutout(6);
  AugmentationSpec more = spec;
  more.mutable_random_resized_crop();
  more.mutable_color_jitter()->set_brightness(0.5f);
  for (int image = 0; image < 100; ++image) {
    AugmentationDecision first =
        DecideAugmentation(spec, {8, 9, 3}, 1, 0, image);
    const AugmentationDecision second =
        DecideAugmentation(more, {8, 9, 3}, 1, 0, image);
    EXPECT_EQ(first.shift_y, second.shift_y);
    EXPECT_EQ(first.shift_x, second.shift_x);
    EXPECT_EQ(first.flip, second.flip);
    EXPECT_EQ(first.cutout_y, second.cutout_y);
    EXPECT_EQ(first.cutout_x, second.cutout_x);
    EXPECT_EQ(first.color, ColorDecision());
    EXPECT_NE(second.color.factor[0], 1);
  }
}

TEST(ValidateTest, ImpossibleCropsAndColoursNameTheField) {
  const ImageShape shape{224, 224, 3};
  const auto message = [&](auto set, const ImageShape& of) {
    AugmentationSpec spec;
    set(spec);
    return std::string(ValidateAugmentationSpec(spec, of, 256).message());
  };
  EXPECT_EQ(message(
                [](auto& spec) {
                  spec.mutable_random_crop()->set_shorter_side_max(480);
                  spec.mutable_color_jitter()->set_lighting(0.1f);
                },
                shape),
            "");
  EXPECT_THAT(message(
                  [](auto& spec) {
                    spec.mutable_random_crop();
                    spec.mutable_random_resized_crop();
                  },
                  shape),
              HasSubstr("augmentation.random_crop: excludes"));
  EXPECT_THAT(message(
                  [](auto& spec) {
                    spec.mutable_random_crop()->set_shorter_side_min(223);
                  },
                  shape),
              HasSubstr("augmentation.random_crop.shorter_side_min: 223 "));
  EXPECT_THAT(message(
                  [](auto& spec) {
                    spec.mutable_random_crop()->set_shorter_side_max(255);
                  },
                  shape),
              HasSubstr("augmentation.random_crop.shorter_side_max: 255 "));
  EXPECT_THAT(message(
                  [](auto& spec) {
                    spec.mutable_random_resized_crop()->set_scale_min(0);
                  },
                  shape),
              HasSubstr("augmentation.random_resized_crop.scale_min: 0 "));
  EXPECT_THAT(message(
                  [](auto& spec) {
                    spec.mutable_random_resized_crop()->set_ratio_max(0.5f);
                  },
                  shape),
              HasSubstr("augmentation.random_resized_crop.ratio_max: 0.5 "));
  EXPECT_THAT(
      message([](auto& spec) { spec.mutable_color_jitter()->set_contrast(-1); },
              shape),
      HasSubstr("augmentation.color_jitter.contrast: -1 "));
  EXPECT_THAT(
      message([](auto& spec) { spec.mutable_color_jitter(); }, {8, 8, 1}),
      HasSubstr("augmentation.color_jitter: the images have 1 "));
}

TEST(ValidateTest, ImpossibleSettingsNameTheField) {
  const ImageShape shape{8, 10, 3};
  AugmentationSpec spec;
  EXPECT_TRUE(ValidateAugmentationSpec(spec, shape).ok());
  spec.set_pad_crop(8);
  EXPECT_THAT(std::string(ValidateAugmentationSpec(spec, shape).message()),
              HasSubstr("augmentation.pad_crop: 8 "));
  spec.set_pad_crop(-1);
  EXPECT_FALSE(ValidateAugmentationSpec(spec, shape).ok());
  spec.set_pad_crop(7);
  spec.set_cutout(9);
  EXPECT_THAT(std::string(ValidateAugmentationSpec(spec, shape).message()),
              HasSubstr("augmentation.cutout: 9 "));
  EXPECT_TRUE(ValidateNormalization({{0, 0, 0}, {1, 1, 1}}, 3).ok());
  EXPECT_THAT(
      std::string(ValidateNormalization({{0, 0}, {1, 1, 1}}, 3).message()),
      HasSubstr("dataset.mean: "));
  EXPECT_THAT(
      std::string(ValidateNormalization({{0, 0, 0}, {1, 0, 1}}, 3).message()),
      HasSubstr("dataset.std: 0 "));
}

}  // namespace
}  // namespace tritlab
