#include "base/random_access_file.h"

#include <limits>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::StartsWith;

TEST(RandomAccessFileTest, AnyPlaceCanBeReadAndNoneOutside) {
  const std::string path =
      JoinPath(testing::TempDir(), "random_access_file_test");
  ASSERT_TRUE(WriteFileAtomically(path, "0123456789").ok());
  const auto file = RandomAccessFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->size(), 10);
  std::string bytes;
  for (int offset : {7, 0, 10}) {
    for (int size = 0; size <= 10 - offset; ++size) {
      ASSERT_TRUE((*file)->Read(offset, size, &bytes).ok());
      EXPECT_EQ(bytes, std::string("0123456789").substr(offset, size));
    }
  }
  constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
  for (const auto& [offset, size] : {std::pair<int64_t, int64_t>{0, 11},
                                     {10, 1},
                                     {11, 0},
                                     {-1, 2},
                                     {3, -1},
                                     {1, kLargest},
                                     {kLargest, kLargest},
                                     {kLargest, 0}}) {
    const absl::Status status = (*file)->Read(offset, size, &bytes);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << offset;
    EXPECT_THAT(std::string(status.message()), StartsWith(path + ": has no "));
  }
}

TEST(RandomAccessFileTest, OnlyFilesAreOpened) {
  EXPECT_EQ(RandomAccessFile::Open(testing::TempDir()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(RandomAccessFile::Open("/no/such/file").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tritlab
