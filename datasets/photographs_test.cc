#include "datasets/photographs.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "datasets/exif_writer.h"
#include "datasets/jpeg.h"
#include "datasets/jpeg_writer.h"
#include "datasets/loader.h"
#include "datasets/resample.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::HasSubstr;

// Files in memory, each of a class of its own.
class Files : public EncodedImages {
 public:
  explicit Files(std::vector<std::string> files)
      : EncodedImages("files", Names(files.size())), files_(std::move(files)) {}
  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  std::string Name(int64_t index) const override {
    return "files: " + std::to_string(index);
  }
  absl::Status Read(int64_t index, std::string* bytes,
                    int32_t* label) const override {
    *bytes = files_[index];
    *label = static_cast<int32_t>(index);
    return absl::OkStatus();
  }
  absl::StatusOr<uint32_t> Checksum() const override { return 7; }

 private:
  static std::vector<std::string> Names(size_t count) {
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) names.push_back(std::to_string(i));
    return names;
  }
  const std::vector<std::string> files_;
};

// A smooth picture that is another at every place.
std::string Picture(int height, int width, int components = 3,
                    bool progressive = false) {
  std::vector<uint8_t> pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < components; ++c) {
        pixels.push_back(static_cast<uint8_t>(20 + 180 * y / height +
                                              (c == 1 ? 0 : 50 * x / width)));
      }
    }
  }
  return EncodeJpeg(pixels, height, width, components, 95, progressive);
}

std::unique_ptr<Photographs> Make(std::vector<std::string> files, int crop = 16,
                                  int shorter_side = 18, bool strict = false) {
  Photographs::Options options{.name = "test",
                               .resize = {},
                               .normalization = {{0, 0, 0}, {1, 1, 1}},
                               .ten_crop = false,
                               .strict = strict};
  options.resize.set_crop(crop);
  options.resize.set_shorter_side(shorter_side);
  return *Photographs::Create(std::make_unique<Files>(std::move(files)),
                              options);
}

TEST(PhotographsTest, TheCentreCropIsTheResizedImages) {
  const auto images = Make({Picture(40, 30), Picture(20, 50), Picture(6, 7)});
  EXPECT_EQ(images->shape(), (ImageShape{16, 16, 3}));
  const ImageSize sizes[] = {{40, 30}, {20, 50}, {6, 7}};
  for (int i = 0; i < 3; ++i) {
    std::vector<uint8_t> pixels(16 * 16 * 3), expected(16 * 16 * 3);
    int32_t label = -1;
    ASSERT_TRUE(images->Read(i, pixels, &label).ok());
    EXPECT_EQ(label, i);
    std::string file;
    ASSERT_TRUE(images->images().Read(i, &file, &label).ok());
    std::vector<uint8_t> full(sizes[i].height * sizes[i].width * 3);
    ASSERT_TRUE(
        DecodeJpeg(file, "x", {sizes[i].height, sizes[i].width, 3}, full.data())
            .ok());
    Resample(full.data(), sizes[i], 3, CenterRegion(sizes[i], 18, {16, 16}),
             {16, 16}, expected.data());
    EXPECT_EQ(pixels, expected) << i;
  }
}

// Decoding at a half, a quarter, an eighth shows the same picture.
TEST(PhotographsTest, LargeImagesAreTheSamePictureAsSmallOnes) {
  const auto images = Make({Picture(18, 24), Picture(36, 48), Picture(72, 96),
                            Picture(150, 200), Picture(603, 805)});
  std::vector<uint8_t> small(16 * 16 * 3), large(16 * 16 * 3);
  int32_t label;
  ASSERT_TRUE(images->Read(0, small, &label).ok());
  for (int i = 1; i < 5; ++i) {
    ASSERT_TRUE(images->Read(i, large, &label).ok());
    for (size_t k = 0; k < small.size(); ++k)
      ASSERT_NEAR(small[k], large[k], 12) << i << " " << k;
  }
}

TEST(PhotographsTest, EveryKindOfJpegIsRead) {
  const std::string plain = Picture(40, 30);
  const auto images = Make({plain, Picture(40, 30, 1), Picture(40, 30, 4),
                            Picture(40, 30, 3, /*progressive=*/true),
                            WithExif(plain, ExifMarker(3, true))});
  std::vector<uint8_t> first(16 * 16 * 3), pixels(16 * 16 * 3);
  int32_t label;
  for (int i = 0; i < images->size(); ++i) {
    const absl::Status status = images->Read(i, pixels, &label);
    ASSERT_TRUE(status.ok()) << status;
    if (i == 0) first = pixels;
    if (i == 3) {
      for (size_t k = 0; k < first.size(); ++k)
        ASSERT_NEAR(pixels[k], first[k], 3);
    }
  }
  // The last one is upside down.
  EXPECT_GT(first[15 * 16 * 3], first[0] + 50);
  EXPECT_LT(pixels[15 * 16 * 3], pixels[0] - 50);
}

TEST(PhotographsTest, ImpossibleSettingsNameTheField) {
  ResizeSpec spec;
  EXPECT_THAT(std::string(ValidateResizeSpec(spec).message()),
              HasSubstr("dataset.resize.crop: 0 "));
  spec.set_crop(224);
  EXPECT_TRUE(ValidateResizeSpec(spec).ok());
  spec.set_shorter_side(223);
  EXPECT_THAT(std::string(ValidateResizeSpec(spec).message()),
              HasSubstr("dataset.resize.shorter_side: 223 "));
  EXPECT_FALSE(
      Photographs::Create(std::make_unique<Files>(std::vector<std::string>{}),
                          {.name = "", .resize = {}, .normalization = {}})
          .ok());
}

TEST(PhotographsTest, TheShorterSideIsThePapersUnlessGiven) {
  Photographs::Options options{
      .name = "", .resize = {}, .normalization = {{0, 0, 0}, {1, 1, 1}}};
  for (const auto& [crop, side] : {std::pair{224, 256}, {227, 259}, {56, 64}}) {
    options.resize.set_crop(crop);
    EXPECT_EQ(
        (*Photographs::Create(
             std::make_unique<Files>(std::vector<std::string>{""}), options))
            ->info()
            .shorter_side,
        side);
  }
}

// A batch, copied.
struct Seen {
  std::vector<float> images;
  std::vector<int32_t> labels;
  int64_t count;
  int view;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> Epoch(const Dataset& dataset, const Loader::Options& options,
                        int64_t epoch = 0) {
  const auto loader = Loader::Create(dataset, options);
  EXPECT_TRUE(loader.ok()) << loader.status();
  (*loader)->Start(epoch);
  std::vector<Seen> batches;
  while (true) {
    const auto batch = (*loader)->Next();
    EXPECT_TRUE(batch.ok()) << batch.status();
    if (!batch.ok() || *batch == nullptr) return batches;
    batches.push_back({{(*batch)->images.begin(), (*batch)->images.end()},
                       {(*batch)->labels.begin(), (*batch)->labels.end()},
                       (*batch)->count,
                       (*batch)->view});
  }
}

std::vector<std::string> ManyPictures() {
  std::vector<std::string> files;
  for (int i = 0; i < 22; ++i) files.push_back(Picture(20 + i, 60 - i));
  return files;
}

TEST(PhotographsLoaderTest, AnyNumberOfThreadsMakesTheSameBatches) {
  const auto images = Make(ManyPictures());
  for (bool resized_crop : {false, true}) {
    Loader::Options options;
    options.batch_size = 4;
    options.shuffle = options.drop_last = true;
    options.augmentation.set_flip(true);
    options.augmentation.mutable_color_jitter()->set_brightness(0.4f);
    options.augmentation.mutable_color_jitter()->set_contrast(0.4f);
    options.augmentation.mutable_color_jitter()->set_lighting(0.1f);
    if (resized_crop) {
      options.augmentation.mutable_random_resized_crop();
    } else {
      options.augmentation.mutable_random_crop()->set_shorter_side_max(40);
    }
    options.threads = 1;
    const std::vector<Seen> expected = Epoch(*images, options, 3);
    EXPECT_EQ(expected.size(), 5u);
    EXPECT_NE(Epoch(*images, options, 4), expected);
    for (int threads : {2, 3, 8}) {
      options.threads = threads;
      EXPECT_EQ(Epoch(*images, options, 3), expected) << threads;
    }
    options.seed = 2;
    EXPECT_NE(Epoch(*images, options, 3), expected);
  }
}

TEST(PhotographsLoaderTest, TenCropsAreTenBatchesOfTheSameImages) {
  const auto images = Make(ManyPictures());
  Loader::Options options;
  options.batch_size = 8;
  const std::vector<Seen> centre = Epoch(*images, options);
  ASSERT_EQ(centre.size(), 3u);
  options.ten_crop = true;
  const std::vector<Seen> ten = Epoch(*images, options);
  ASSERT_EQ(ten.size(), 30u);
  for (size_t group = 0; group < 3; ++group) {
    std::set<std::vector<float>> different;
    for (int view = 0; view < 10; ++view) {
      const Seen& seen = ten[group * 10 + view];
      EXPECT_EQ(seen.view, view);
      EXPECT_EQ(seen.labels, centre[group].labels);
      EXPECT_EQ(seen.count, centre[group].count);
      different.insert(seen.images);
    }
    EXPECT_EQ(different.size(), 10u);
    // The second five are the first five's mirror images.
    for (int view = 0; view < 5; ++view) {
      const auto& image = ten[group * 10 + view].images;
      const auto& mirrored = ten[group * 10 + view + 5].images;
      for (int64_t i = 0; i < centre[group].count; ++i) {
        for (int y = 0; y < 16; ++y) {
          for (int x = 0; x < 16; ++x) {
            const size_t row = (i * 16 + y) * 16;
            ASSERT_EQ(image[(row + x) * 3], mirrored[(row + 15 - x) * 3]);
          }
        }
      }
    }
  }
}

TEST(PhotographsLoaderTest, EvaluationGoesOnWithoutBadFiles) {
  std::vector<std::string> files = ManyPictures();
  files[2] = "\x89PNG";
  files[9] = files[9].substr(0, files[9].size() / 2);
  files[10] = "";
  const auto images = Make(files);
  Loader::Options options;
  options.batch_size = 8;
  for (int threads : {1, 3}) {
    options.threads = threads;
    std::vector<int> labels;
    for (const Seen& seen : Epoch(*images, options)) {
      labels.insert(labels.end(), seen.labels.begin(),
                    seen.labels.begin() + seen.count);
      for (size_t i = seen.count * 16 * 16 * 3; i < seen.images.size(); ++i)
        ASSERT_EQ(seen.images[i], 0);
    }
    std::vector<int> expected;
    for (int i = 0; i < 22; ++i) {
      if (i != 2 && i != 9 && i != 10) expected.push_back(i);
    }
    EXPECT_EQ(labels, expected);
  }
  // Each is counted once, however often it was met.
  EXPECT_EQ(images->left_out(), 3);
}

TEST(PhotographsLoaderTest, InTrainingTheNextImageStandsIn) {
  std::vector<std::string> files = ManyPictures();
  files[20] = files[21] = "broken";
  const auto images = Make(files);
  Loader::Options options;
  options.batch_size = 11;
  options.shuffle = options.drop_last = true;
  std::multiset<int> labels;
  for (const Seen& seen : Epoch(*images, options)) {
    EXPECT_EQ(seen.count, 11);
    labels.insert(seen.labels.begin(), seen.labels.end());
  }
  EXPECT_EQ(labels.size(), 22u);
  EXPECT_EQ(labels.count(0), 3u);
  EXPECT_EQ(labels.count(20) + labels.count(21), 0u);
  EXPECT_EQ(images->left_out(), 2);
}

TEST(PhotographsLoaderTest, ABadFileStopsAStrictRun) {
  std::vector<std::string> files = ManyPictures();
  files[3] = "broken";
  const auto images = Make(files, 16, 18, /*strict=*/true);
  Loader::Options options;
  options.batch_size = 8;
  const auto loader = Loader::Create(*images, options);
  EXPECT_EQ((*loader)->Next().status(),
            absl::InvalidArgumentError("files: 3: is not a JPEG file"));
  EXPECT_EQ(images->left_out(), 0);
}

TEST(PhotographsLoaderTest, WithoutAnyGoodFileAnEpochEnds) {
  const auto images = Make(std::vector<std::string>(30, "broken"));
  Loader::Options options;
  options.batch_size = 8;
  EXPECT_THAT(
      std::string(
          (*Loader::Create(*images, options))->Next().status().message()),
      HasSubstr("none of a batch's images can be read"));
  options.shuffle = options.drop_last = true;
  EXPECT_THAT(
      std::string(
          (*Loader::Create(*images, options))->Next().status().message()),
      HasSubstr("30 images in a row cannot be read"));
  EXPECT_EQ(images->left_out(), 30);
}

}  // namespace
}  // namespace tritlab
