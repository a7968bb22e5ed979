#include "base/status_macros.h"

#include <memory>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

absl::Status Step(bool ok) {
  return ok ? absl::OkStatus() : absl::DataLossError("step");
}

absl::StatusOr<std::unique_ptr<int>> Make(int value) {
  if (value < 0) return absl::InvalidArgumentError("negative");
  return std::make_unique<int>(value);
}

absl::StatusOr<int> Sum(int a, int b, bool ok) {
  ASSIGN_OR_RETURN(std::unique_ptr<int> first, Make(a));
  RETURN_IF_ERROR(Step(ok));
  std::unique_ptr<int> second;
  ASSIGN_OR_RETURN(second, Make(b));
  return *first + *second;
}

TEST(StatusMacrosTest, ValuesPassAndErrorsReturn) {
  EXPECT_EQ(*Sum(1, 2, true), 3);
  EXPECT_EQ(Sum(1, 2, false).status(), absl::DataLossError("step"));
  EXPECT_EQ(Sum(-1, 2, false).status(), absl::InvalidArgumentError("negative"));
  EXPECT_EQ(Sum(1, -2, true).status(), absl::InvalidArgumentError("negative"));
}

}  // namespace
}  // namespace tritlab
