#include "base/csv.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Protects: what stands in a field (names of phases, values of axes) never
// changes how many there are.
TEST(Csv, FieldsAreQuotedWhereTheyMustBe) {
  EXPECT_EQ(CsvLine({"a", "", "b c"}), "a,,b c\n");
  EXPECT_EQ(CsvLine({"a,b", "\"c\"", "d\ne"}),
            "\"a,b\",\"\"\"c\"\"\",\"d\ne\"\n");
}

TEST(Csv, NumbersGiveTheSameDoubleAgain) {
  EXPECT_EQ(CsvNumber(0.1), "0.1");
  EXPECT_EQ(CsvNumber(3), "3");
  EXPECT_EQ(std::stod(CsvNumber(1.0 / 3)), 1.0 / 3);
  EXPECT_EQ(CsvNumber(-std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(CsvNumber(-INFINITY), "-inf");
}

TEST(Csv, QuotesAndLineEndingsAreRead) {
  EXPECT_THAT(CsvFields("a,\"b, \"\"c\"\"\"\r\n,\n\"x\ny\",z"),
              ElementsAre(ElementsAre("a", "b, \"c\""), ElementsAre("", ""),
                          ElementsAre("x\ny", "z")));
  EXPECT_THAT(CsvFields(""), IsEmpty());
  EXPECT_THAT(CsvFields(CsvLine({"a,b", "\"", ""})),
              ElementsAre(ElementsAre("a,b", "\"", "")));
}

}  // namespace
}  // namespace tritlab
