#include "reports/page/table.h"

#include "gtest/gtest.h"

namespace tritlab {
namespace {

TEST(AlignedText, NamesToTheLeftNumbersToTheRight) {
  const Table table = {
      "caption",
      {{"phase", false}, {"top-1 %", true}, {"note", false}},
      {{"full_precision", "9.50", ""}, {"ttq", "86.46", "best"}}};
  EXPECT_EQ(AlignedText(table),
            "phase           top-1 %  note\n"
            "--------------  -------  ----\n"
            "full_precision     9.50\n"
            "ttq               86.46  best\n");
}

// Protects: "×" is one character wide though two bytes long.
TEST(AlignedText, CountsCharacters) {
  const Table table = {"", {{"\u00d7", true}, {"b", true}}, {{"12", "3"}}};
  EXPECT_EQ(AlignedText(table), " \u00d7  b\n--  -\n12  3\n");
}

// Protects: a name cannot break the table or reach the terminal's controls.
TEST(AlignedText, ControlCharactersBecomeSpaces) {
  const Table table = {"", {{"a", false}}, {{"x\n\x1b[1m\x7fy"}}};
  EXPECT_EQ(AlignedText(table), "a\n--------\nx  [1m y\n");
}

TEST(AlignedText, NoRowsNoText) {
  EXPECT_EQ(AlignedText({"", {{"a", false}}, {}}), "");
}

}  // namespace
}  // namespace tritlab
