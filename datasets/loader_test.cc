#include "datasets/loader.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/random.h"
#include "datasets/augmentation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

constexpr int kImages = 53;
constexpr int kBatch = 8;

// Images of one pixel, whose three bytes are the image's index; or, without
// memory, read one by one, with an error at one of them.
class FakeDataset : public Dataset {
 public:
  explicit FakeDataset(bool in_memory, int64_t error_at = -1)
      : Dataset(Info()), in_memory_(in_memory), error_at_(error_at) {
    for (int i = 0; i < kImages; ++i) pixels_.insert(pixels_.end(), 3, i);
  }
  int64_t size() const override { return kImages; }
  uint32_t checksum() const override { return 0; }
  absl::Status Read(int64_t index, std::span<uint8_t> pixels,
                    int32_t* label) const override {
    if (index == error_at_) return absl::DataLossError("image 20 is broken");
    std::copy_n(pixels_.begin() + index * 3, 3, pixels.begin());
    *label = this->label(index);
    if (++reads_ > allowed_reads_) too_early_ = true;
    return absl::OkStatus();
  }
  const uint8_t* InMemory(int64_t index) const override {
    return in_memory_ ? pixels_.data() + index * 3 : nullptr;
  }
  int32_t label(int64_t index) const override { return index % 10; }

  // Read tells when it is called more often than it may be at the time.
  void AllowReads(int count) { allowed_reads_ = count; }
  int reads() const { return reads_; }
  bool too_early() const { return too_early_; }

 private:
  static DatasetInfo Info() {
    DatasetInfo info;
    info.source = "fake";
    info.shape = {1, 1, 3};
    info.class_names.resize(10);
    info.normalization = {{0, 0, 0}, {1, 1, 1}};
    return info;
  }
  const bool in_memory_;
  const int64_t error_at_;
  std::vector<uint8_t> pixels_;
  mutable std::atomic<int> reads_ = 0;
  mutable std::atomic<bool> too_early_ = false;
  std::atomic<int> allowed_reads_ = 1 << 30;
};

// A batch, copied: its images' indices, and its labels.
struct Seen {
  std::vector<int> images;
  std::vector<int> labels;
  int64_t epoch, index;
  bool operator==(const Seen&) const = default;
};

Seen Copy(const Batch& batch) {
  Seen seen{{}, {}, batch.epoch, batch.index};
  for (int64_t i = 0; i < batch.count; ++i) {
    seen.images.push_back(static_cast<int>(batch.images[i * 3] * 255 + 0.5f));
    seen.labels.push_back(batch.labels[i]);
  }
  return seen;
}

// What is left of the loader's epoch.
std::vector<Seen> Rest(Loader& loader) {
  std::vector<Seen> batches;
  while (true) {
    const auto batch = loader.Next();
    EXPECT_TRUE(batch.ok()) << batch.status();
    if (!batch.ok() || *batch == nullptr) return batches;
    batches.push_back(Copy(**batch));
  }
}

std::vector<Seen> Epoch(Loader& loader, int64_t epoch, int64_t first = 0) {
  loader.Start(epoch, first);
  return Rest(loader);
}

Loader::Options Options(bool training) {
  Loader::Options options;
  options.batch_size = kBatch;
  options.shuffle = training;
  options.drop_last = training;
  return options;
}

std::unique_ptr<Loader> Make(const Dataset& dataset,
                             const Loader::Options& options) {
  auto loader = Loader::Create(dataset, options);
  EXPECT_TRUE(loader.ok()) << loader.status();
  return *std::move(loader);
}

TEST(LoaderTest, EvaluationSeesEveryImageInOrderAndPadsTheLastBatch) {
  for (bool in_memory : {true, false}) {
    const FakeDataset dataset(in_memory);
    const auto loader = Make(dataset, Options(false));
    EXPECT_EQ(loader->batches_per_epoch(), 7);
    loader->Start(0);
    int next = 0;
    for (int b = 0; b < 7; ++b) {
      const auto batch = loader->Next();
      ASSERT_TRUE(batch.ok());
      ASSERT_NE(*batch, nullptr);
      EXPECT_EQ((*batch)->images.size(), kBatch * 3u);
      EXPECT_EQ((*batch)->labels.size(), size_t{kBatch});
      EXPECT_EQ(reinterpret_cast<uintptr_t>((*batch)->images.data()) % 64, 0u);
      EXPECT_EQ((*batch)->count, b < 6 ? kBatch : kImages - 6 * kBatch);
      const Seen seen = Copy(**batch);
      for (size_t i = 0; i < seen.images.size(); ++i, ++next) {
        EXPECT_EQ(seen.images[i], next);
        EXPECT_EQ(seen.labels[i], next % 10);
      }
      if (b == 6) {
        EXPECT_THAT((*batch)->images.subspan((*batch)->count * 3), Each(0.0f));
        EXPECT_THAT((*batch)->labels.subspan((*batch)->count), Each(0));
      }
    }
    EXPECT_EQ(next, kImages);
    EXPECT_EQ(*loader->Next(), nullptr);
    EXPECT_EQ(*loader->Next(), nullptr);
  }
}

TEST(LoaderTest, TrainingSeesEachImageOnceInAnOrderOfItsOwn) {
  const FakeDataset dataset(true);
  const auto loader = Make(dataset, Options(true));
  EXPECT_EQ(loader->batches_per_epoch(), 6);
  std::set<std::vector<int>> orders;
  for (int epoch = 0; epoch < 4; ++epoch) {
    std::vector<int> order;
    for (const Seen& seen : Epoch(*loader, epoch)) {
      EXPECT_EQ(seen.images.size(), size_t{kBatch});
      order.insert(order.end(), seen.images.begin(), seen.images.end());
    }
    EXPECT_EQ(order.size(), 48u);
    EXPECT_EQ(std::set<int>(order.begin(), order.end()).size(), 48u);
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 4u);
}

TEST(LoaderTest, AnyPlaceCanBeResumedExactly) {
  const FakeDataset dataset(true);
  const auto whole = Make(dataset, Options(true));
  for (int epoch = 0; epoch < 3; ++epoch) {
    const std::vector<Seen> expected = Epoch(*whole, epoch);
    for (int first = 0; first <= 6; ++first) {
      const std::vector<Seen> rest(expected.begin() + first, expected.end());
      const auto fresh = Make(dataset, Options(true));
      EXPECT_EQ(Epoch(*fresh, epoch, first), rest);
      // And on into the next epoch.
      EXPECT_EQ(Epoch(*fresh, epoch + 1),
                Epoch(*Make(dataset, Options(true)), epoch + 1));
    }
  }
}

TEST(LoaderTest, TheLengthOfTheQueueChangesNothing) {
  const FakeDataset dataset(true);
  Loader::Options options = Options(true);
  const std::vector<Seen> expected = Epoch(*Make(dataset, options), 1);
  for (int queue : {1, 2, 20}) {
    options.queue_batches = queue;
    EXPECT_EQ(Epoch(*Make(dataset, options), 1), expected);
  }
}

TEST(LoaderTest, StartLeavesAnEpochInTheMiddle) {
  const FakeDataset dataset(true);
  const auto loader = Make(dataset, Options(true));
  const std::vector<Seen> expected = Epoch(*loader, 5);
  loader->Start(2);
  ASSERT_TRUE(loader->Next().ok());
  EXPECT_EQ(Epoch(*loader, 5), expected);
  EXPECT_EQ(Epoch(*loader, 5), expected);
}

TEST(LoaderTest, ABatchStaysUntilTheNextIsAskedFor) {
  FakeDataset dataset(false);
  Loader::Options options = Options(true);
  options.queue_batches = 1;
  const auto loader = Make(dataset, options);
  for (int i = 0; i < 6; ++i) {
    // The batch asked for and the one behind it, into the two places there are.
    const int reads = (i + 2) * kBatch;
    dataset.AllowReads(reads);
    if (i == 0) loader->Start(0);
    const auto batch = loader->Next();
    const Seen before = Copy(**batch);
    while (dataset.reads() < reads) std::this_thread::yield();
    EXPECT_EQ(Copy(**batch), before);
  }
  EXPECT_FALSE(dataset.too_early());
}

TEST(LoaderTest, AugmentationFollowsSeedEpochAndImage) {
  // Images of random bytes, each of a class of its own.
  DatasetInfo info;
  info.source = "random";
  info.shape = {8, 6, 3};
  info.class_names.resize(kImages);
  info.normalization = {{0.5f, 0.25f, 0.125f}, {1, 2, 3}};
  const int64_t size = info.shape.size();
  std::vector<uint8_t> pixels(kImages * size);
  const RandomStream random(1);
  for (size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<uint8_t>(random.Bits(i));
  }
  std::vector<int32_t> labels(kImages);
  std::iota(labels.begin(), labels.end(), 0);
  const auto dataset = *MemoryDataset::Create(info, pixels, labels);

  Loader::Options options = Options(true);
  options.augmentation.set_pad_crop(2);
  options.augmentation.set_flip(true);
  options.augmentation.set_cutout(3);
  const ImageTransform transform(info.shape, info.normalization);
  // Seed, epoch -> image -> how it came.
  std::map<std::pair<int, int>, std::map<int, std::vector<float>>> seen;
  for (int seed : {1, 2}) {
    options.seed = seed;
    const auto loader = Make(*dataset, options);
    for (int epoch : {0, 1}) {
      loader->Start(epoch);
      while (true) {
        const auto batch = loader->Next();
        ASSERT_TRUE(batch.ok()) << batch.status();
        if (*batch == nullptr) break;
        for (int64_t i = 0; i < (*batch)->count; ++i) {
          const int image = (*batch)->labels[i];
          const auto found = (*batch)->images.subspan(i * size, size);
          std::vector<float> expected(size);
          transform.Apply(dataset->InMemory(image),
                          DecideAugmentation(options.augmentation, info.shape,
                                             seed, epoch, image),
                          expected.data());
          ASSERT_TRUE(std::equal(found.begin(), found.end(), expected.begin()))
              << "image " << image << " of seed " << seed;
          seen[{seed, epoch}][image] = expected;
        }
      }
    }
  }
  // How many of the images that both have are the same: few by chance.
  const auto same = [&](std::pair<int, int> a, std::pair<int, int> b) {
    int count = 0;
    for (const auto& [image, values] : seen[a]) {
      const auto other = seen[b].find(image);
      count += other != seen[b].end() && other->second == values;
    }
    return count;
  };
  EXPECT_EQ(seen[std::pair(1, 0)].size(), 48u);
  EXPECT_LT(same({1, 0}, {1, 1}), 5);
  EXPECT_LT(same({1, 0}, {2, 0}), 5);
}

// What several ranks see is, batch by batch and side by side, what one sees:
// the same images, augmented alike. 53 images: in evaluation, the last batch of
// 8 has 5, of which the ranks behind have fewer or none.
TEST(LoaderTest, RanksShareEachBatch) {
  const FakeDataset dataset(true);
  for (const bool training : {true, false}) {
    for (const int ranks : {2, 4, 8}) {
      const auto one = Make(dataset, Options(training));
      std::vector<std::unique_ptr<Loader>> shares;
      for (int rank = 0; rank < ranks; ++rank) {
        Loader::Options options = Options(training);
        options.rank = rank;
        options.ranks = ranks;
        shares.push_back(Make(dataset, options));
        EXPECT_EQ(shares.back()->batches_per_epoch(), one->batches_per_epoch());
      }
      for (const int epoch : {0, 1}) {
        std::vector<Seen> joined(one->batches_per_epoch());
        for (const auto& share : shares) {
          const std::vector<Seen> seen = Epoch(*share, epoch);
          ASSERT_EQ(seen.size(), joined.size());
          for (size_t b = 0; b < seen.size(); ++b) {
            joined[b].epoch = seen[b].epoch;
            joined[b].index = seen[b].index;
            joined[b].images.insert(joined[b].images.end(),
                                    seen[b].images.begin(),
                                    seen[b].images.end());
            joined[b].labels.insert(joined[b].labels.end(),
                                    seen[b].labels.begin(),
                                    seen[b].labels.end());
          }
        }
        EXPECT_EQ(joined, Epoch(*one, epoch)) << ranks << " ranks";
      }
    }
  }
}

TEST(LoaderTest, AnErrorReachesTheCallerAndStays) {
  const FakeDataset dataset(false, 20);
  const auto loader = Make(dataset, Options(false));
  loader->Start(0);
  EXPECT_TRUE(loader->Next().ok());
  EXPECT_TRUE(loader->Next().ok());
  EXPECT_EQ(loader->Next().status(), absl::DataLossError("image 20 is broken"));
  EXPECT_EQ(loader->Next().status(), absl::DataLossError("image 20 is broken"));
  loader->Start(0);
  EXPECT_TRUE(loader->Next().ok());
}

TEST(LoaderTest, ImpossibleOptionsAreRefused) {
  const FakeDataset dataset(true);
  Loader::Options options = Options(true);
  options.batch_size = 0;
  EXPECT_FALSE(Loader::Create(dataset, options).ok());
  options.batch_size = 54;
  EXPECT_THAT(std::string(Loader::Create(dataset, options).status().message()),
              HasSubstr("fake: holds 53 images, fewer than one batch of 54"));
  options.drop_last = false;
  EXPECT_TRUE(Loader::Create(dataset, options).ok());
  options.augmentation.set_pad_crop(1);
  EXPECT_FALSE(Loader::Create(dataset, options).ok());
  options = Options(true);
  options.normalization.mean = {0};
  EXPECT_FALSE(Loader::Create(dataset, options).ok());
  options = Options(true);
  options.ranks = 3;
  EXPECT_THAT(std::string(Loader::Create(dataset, options).status().message()),
              HasSubstr("batch_size: 8 images cannot be shared by 3 ranks"));
  options.ranks = options.rank = 2;
  EXPECT_FALSE(Loader::Create(dataset, options).ok());
  options = Options(true);
  options.queue_batches = 0;
  EXPECT_FALSE(Loader::Create(dataset, options).ok());
  options.queue_batches = int64_t{1} << 60;
  EXPECT_EQ(Loader::Create(dataset, options).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace tritlab
