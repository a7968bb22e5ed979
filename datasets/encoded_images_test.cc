// Protects: a dataset is told from one with other contents even where names and
// sizes are the same, and what is read for it stays within bounds.
#include "datasets/encoded_images.h"

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

ImageIndex IndexOf(const std::vector<int64_t>& sizes) {
  ImageIndex index;
  for (const int64_t size : sizes) {
    index.Add(absl::StrCat(index.size(), ".jpg"), /*label=*/0, /*offset=*/0,
              size);
  }
  return index;
}

TEST(ChecksumStrideTest, IsTheLeastThatKeepsWithinTheBytes) {
  const ImageIndex index = IndexOf({10, 20, 30, 40, 50});
  EXPECT_EQ(ChecksumStride(index, 150), 1);
  EXPECT_EQ(ChecksumStride(index, 149), 2);  // 10 + 30 + 50
  EXPECT_EQ(ChecksumStride(index, 90), 2);
  EXPECT_EQ(ChecksumStride(index, 89), 3);  // 10 + 40
  EXPECT_EQ(ChecksumStride(index, 49), 5);  // 10
  EXPECT_EQ(ChecksumStride(index, 1), 5);   // one is always read
  EXPECT_EQ(ChecksumStride(IndexOf({}), 0), 1);
}

absl::StatusOr<uint32_t> Checksum(const std::vector<int64_t>& sizes,
                                  const std::vector<uint32_t>& crcs) {
  return ContentsChecksum(IndexOf(sizes),
                          [&](int64_t image) { return crcs[image]; });
}

TEST(ContentsChecksumTest, EqualSizesDoNotHideOtherContents) {
  const uint32_t before = *Checksum({5, 5}, {1, 2});
  EXPECT_EQ(*Checksum({5, 5}, {1, 2}), before);
  EXPECT_NE(*Checksum({5, 5}, {1, 3}), before);
  EXPECT_NE(*Checksum({5, 5}, {2, 1}), before);
  EXPECT_NE(*Checksum({5, 6}, {1, 2}), before);
}

TEST(ContentsChecksumTest, OfTooManyBytesSomeImagesCountAlone) {
  const int64_t most = int64_t{1} << 29;
  const uint32_t before = *Checksum({most, most, most}, {1, 2, 3});
  EXPECT_EQ(*Checksum({most, most, most}, {1, 4, 3}), before);
  EXPECT_NE(*Checksum({most, most, most}, {1, 2, 4}), before);
}

TEST(ContentsChecksumTest, AnImageMayBeBroken) {
  const auto checksum = [](const absl::Status& status) {
    return ContentsChecksum(IndexOf({5, 5}),
                            [&](int64_t image) -> absl::StatusOr<uint32_t> {
                              if (image == 1) return status;
                              return 1;
                            });
  };
  EXPECT_EQ(*checksum(absl::NotFoundError("a broken link")),
            *Checksum({5, 5}, {1, 0}));
  // What may pass, such as a network that is away, is no property of the data.
  EXPECT_EQ(checksum(absl::UnknownError("cannot read")).status(),
            absl::UnknownError("cannot read"));
}

}  // namespace
}  // namespace tritlab
