#include "datasets/dataset.h"

#include <vector>

#include "base/crc32c.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

DatasetInfo Info() {
  DatasetInfo info;
  info.name = "test";
  info.source = "nowhere";
  info.shape = {1, 2, 3};
  info.class_names = {"a", "b"};
  return info;
}

TEST(DatasetTest, ReadGivesWhatIsInMemory) {
  const auto dataset = MemoryDataset::Create(
      Info(), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {1, 0});
  ASSERT_TRUE(dataset.ok());
  std::vector<uint8_t> pixels(6);
  int32_t label;
  ASSERT_TRUE((*dataset)->Read(1, pixels, &label).ok());
  EXPECT_EQ(pixels, (std::vector<uint8_t>{6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(label, 0);
  EXPECT_EQ((*dataset)->InMemory(1)[0], 6);
  EXPECT_FALSE((*dataset)->Read(2, pixels, &label).ok());
  EXPECT_FALSE((*dataset)->Read(-1, pixels, &label).ok());
}

TEST(DatasetTest, TheChecksumCoversLabelsAndPixels) {
  const std::vector<uint8_t> pixels = {0, 1, 2, 3, 4, 5};
  const auto dataset = MemoryDataset::Create(Info(), pixels, {1});
  const unsigned char bytes[] = {1, 0, 0, 0, 0, 1, 2, 3, 4, 5};
  EXPECT_EQ((*dataset)->checksum(), Crc32c(bytes, sizeof(bytes)));
}

TEST(DatasetTest, ImpossibleContentsAreRefused) {
  EXPECT_FALSE(MemoryDataset::Create(Info(), {0, 1, 2}, {0}).ok());
  EXPECT_FALSE(MemoryDataset::Create(Info(), {0, 1, 2, 3, 4, 5}, {2}).ok());
  EXPECT_FALSE(MemoryDataset::Create(Info(), {0, 1, 2, 3, 4, 5}, {-1}).ok());
}

TEST(DatasetTest, MoreThanThisMachinesMemoryIsRefused) {
  EXPECT_TRUE(CheckImageMemory("a", 60000, {32, 32, 3}).ok());
  EXPECT_EQ(CheckImageMemory("a", int64_t{1} << 40, {16384, 16384, 3}).code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace tritlab
