#include "base/disk_space.h"

#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(DiskSpaceTest, WhatFitsIsNotRefused) {
  EXPECT_TRUE(CheckDiskSpace(testing::TempDir(), 0).ok());
  EXPECT_TRUE(CheckDiskSpace("", 0).ok());
}

TEST(DiskSpaceTest, WhatDoesNotFitIsNamedWithItsFolder) {
  const absl::Status status =
      CheckDiskSpace(testing::TempDir(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  const std::string message(status.message());
  EXPECT_THAT(message, StartsWith(testing::TempDir()));
  EXPECT_THAT(message, HasSubstr("9223372036855 MB are needed where "));
}

TEST(DiskSpaceTest, AFolderThatIsMissingIsAnError) {
  EXPECT_EQ(CheckDiskSpace("/there/is/no/such/folder", 0).code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tritlab
