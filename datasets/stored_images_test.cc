// Protects: what is read of a folder or an archive is what was listed.
#include "datasets/stored_images.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "base/file.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

ImageIndex OneImage(int64_t size) {
  ImageIndex index;
  index.Add("0.jpg", /*label=*/0, /*offset=*/-1, size);
  return index;
}

TEST(StoredImagesTest, AFolderHasTheChecksumOfItsArchive) {
  ASSERT_TRUE(
      WriteFileAtomically(JoinPath(testing::TempDir(), "0.jpg"), "abc").ok());
  const uint32_t checksum =
      *FolderImages(testing::TempDir(), {"cat"}, OneImage(3)).Checksum();
  EXPECT_EQ(checksum,
            *ArchivedImages("a", {"cat"}, OneImage(3), {"abc"}).Checksum());
  EXPECT_NE(checksum,
            *ArchivedImages("a", {"cat"}, OneImage(3), {"abd"}).Checksum());
}

TEST(StoredImagesTest, AFileThatGrewSinceItWasListedIsRefused) {
  ASSERT_TRUE(
      WriteFileAtomically(JoinPath(testing::TempDir(), "0.jpg"), "abcd").ok());
  std::string bytes;
  int32_t label;
  const absl::Status status =
      FolderImages(testing::TempDir(), {"cat"}, OneImage(3))
          .Read(0, &bytes, &label);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
}

}  // namespace
}  // namespace tritlab
