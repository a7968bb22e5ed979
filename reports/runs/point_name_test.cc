#include "reports/runs/point_name.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::IsEmpty;

// Protects: a value and its form in a folder's name are known to be the same.
TEST(PointName, IsTheSameOfValuesAsTheyAreShownAndInNames) {
  const std::vector<AxisValue> shown = {{"portions", "0.5, 1"},
                                        {"partition", "largest first (!)"}};
  const std::string name = "portions=0.5_1,partition=largest_first";
  EXPECT_EQ(PointName(shown), name);
  EXPECT_EQ(PointName(AxesOfName(name)), name);
  for (const char* value : {"4, 8", "_a _b_", "1e+3", ".5", "w_p", "&", ""})
    EXPECT_EQ(ValueInName(ValueInName(value)), ValueInName(value)) << value;
}

TEST(ValueInName, KeepsApartWhatSignsKeepApart) {
  EXPECT_EQ(ValueInName("4, 8"), "4_8");
  EXPECT_EQ(ValueInName("48"), "48");
  EXPECT_EQ(ValueInName("w_p"), "w_p");
  EXPECT_EQ(ValueInName("&"), "");
}

TEST(AxesOfName, OnlyOfPoints) {
  EXPECT_EQ(AxesOfName("a=1,b=x").size(), 2u);
  EXPECT_THAT(AxesOfName("a=1,b"), IsEmpty());
  EXPECT_THAT(AxesOfName("run"), IsEmpty());
  EXPECT_THAT(AxesOfName(""), IsEmpty());
  EXPECT_THAT(AxesOfName("=1"), IsEmpty());
}

}  // namespace
}  // namespace tritlab
