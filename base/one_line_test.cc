#include "base/one_line.h"

#include "gtest/gtest.h"

namespace tritlab {
namespace {

// Protects: the name of a file in an archive is no second line of a message,
// and no command to the terminal.
TEST(OneLineTest, ControlCharactersAreBlanks) {
  EXPECT_EQ(OneLine("a\nb\x1b]0;c\x07\x7f"), "a b ]0;c  ");
  EXPECT_EQ(OneLine("gr\u00fcn"), "gr\u00fcn");
}

}  // namespace
}  // namespace tritlab
