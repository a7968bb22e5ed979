#include "base/open_files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

// Protects: a dataset of more files than a shell's usual 1,024 can be open.
TEST(OpenFilesTest, TheOwnLimitIsRaised) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = 32;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_TRUE(AllowOpenFiles("data", 100).ok());
  std::vector<int> files;
  for (int i = 0; i < 100; ++i)
    files.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_GE(files.back(), 0);
  for (const int file : files) close(file);
}

TEST(OpenFilesTest, MoreThanTheSystemAllowsIsRefusedByName) {
  const absl::Status refused = AllowOpenFiles("data", int64_t{1} << 40);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()),
              testing::StartsWith("data: 1099511627776 files"));
}

}  // namespace
}  // namespace tritlab
