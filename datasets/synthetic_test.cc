#include "datasets/synthetic.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<Dataset> Draw(const SyntheticSpec& spec, Split split) {
  auto dataset = DrawSyntheticDataset(spec, split);
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  return *std::move(dataset);
}

SyntheticSpec Small() {
  SyntheticSpec spec;
  spec.set_train_images(100);
  spec.set_test_images(40);
  return spec;
}

TEST(SyntheticTest, TheImagesAreTheSameOnEveryMachine) {
  // A change here changes every result on the built-in dataset.
  EXPECT_EQ(Draw(Small(), Split::kTrain)->checksum(), 2972676976u);
  EXPECT_EQ(Draw(Small(), Split::kTest)->checksum(), 3743403441u);
}

TEST(SyntheticTest, SizesAndClassesAreAsAskedFor) {
  const auto train = Draw(Small(), Split::kTrain);
  EXPECT_EQ(train->size(), 100);
  EXPECT_EQ(train->shape(), (ImageShape{32, 32, 3}));
  EXPECT_EQ(train->classes(), 10);
  std::vector<int> counts(10);
  for (int i = 0; i < 100; ++i) ++counts[train->label(i)];
  EXPECT_EQ(counts, std::vector<int>(10, 10));
  EXPECT_EQ(Draw(Small(), Split::kTest)->size(), 40);
}

TEST(SyntheticTest, NoImageComesTwice) {
  std::set<std::vector<uint8_t>> images;
  SyntheticSpec spec = Small();
  for (int seed : {1, 2}) {
    spec.set_seed(seed);
    for (Split split : {Split::kTrain, Split::kTest}) {
      const auto dataset = Draw(spec, split);
      for (int64_t i = 0; i < dataset->size(); ++i) {
        images.emplace(dataset->InMemory(i), dataset->InMemory(i) + 3072);
      }
    }
  }
  EXPECT_EQ(images.size(), 280u);
}

TEST(SyntheticTest, MoreImagesBeginWithTheSame) {
  SyntheticSpec spec = Small();
  const auto few = Draw(spec, Split::kTrain);
  spec.set_train_images(150);
  const auto more = Draw(spec, Split::kTrain);
  EXPECT_TRUE(std::equal(few->InMemory(0), few->InMemory(99) + 3072,
                         more->InMemory(0)));
}

TEST(SyntheticTest, TheNormalizationFits) {
  SyntheticSpec spec;
  spec.set_train_images(1000);
  const auto dataset = Draw(spec, Split::kTrain);
  for (int c = 0; c < 3; ++c) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < 1000 * 1024; ++i) {
      const double value = dataset->InMemory(0)[i * 3 + c] / 255.0;
      sum += value;
      squares += value * value;
    }
    const double mean = sum / (1000 * 1024);
    EXPECT_NEAR(mean, dataset->normalization().mean[c], 0.02);
    EXPECT_NEAR(std::sqrt(squares / (1000 * 1024) - mean * mean),
                dataset->normalization().std[c], 0.02);
  }
}

TEST(SyntheticTest, ImpossibleSettingsNameTheField) {
  const auto message = [](auto set) {
    SyntheticSpec spec;
    set(spec);
    const absl::Status status =
        DrawSyntheticDataset(spec, Split::kTrain).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(message([](auto& spec) { spec.set_train_images(0); }),
              HasSubstr("dataset.synthetic.train_images: 0 "));
  EXPECT_THAT(message([](auto& spec) { spec.set_test_images(-1); }),
              HasSubstr("dataset.synthetic.test_images: -1 "));
  EXPECT_THAT(message([](auto& spec) { spec.set_noise(NAN); }),
              HasSubstr("dataset.synthetic.noise: "));
  EXPECT_THAT(message([](auto& spec) { spec.set_clutter(-1); }),
              HasSubstr("dataset.synthetic.clutter: "));
  EXPECT_THAT(message([](auto& spec) { spec.set_contrast(0); }),
              HasSubstr("dataset.synthetic.contrast: "));
}

}  // namespace
}  // namespace tritlab
