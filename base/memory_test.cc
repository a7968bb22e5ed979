#include "base/memory.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(MemoryTest, WhatFitsIsNotRefused) {
  EXPECT_TRUE(CheckMemory("a batch", 0, "").ok());
  EXPECT_TRUE(CheckMemory("a batch", 1 << 20, "").ok());
}

TEST(MemoryTest, WhatDoesNotFitIsNamedWithItsSizeAndAdvice) {
  const absl::Status status = CheckMemory("a batch", 5e18, "use a smaller one");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  const std::string message(status.message());
  EXPECT_THAT(message, StartsWith("a batch: 5000000000.0 GB, more than "));
  EXPECT_THAT(message, HasSubstr("this machine's "));
  EXPECT_THAT(message, EndsWith(" GB of memory; use a smaller one"));
}

}  // namespace
}  // namespace tritlab
