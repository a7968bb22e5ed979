#include "reports/page/escape_html.h"

#include "gtest/gtest.h"

namespace tritlab {
namespace {

TEST(EscapeHtml, AllThatHasAMeaning) {
  EXPECT_EQ(EscapeHtml("a<b>&\"'\n\x01"), "a&lt;b&gt;&amp;&quot;&#39;  ");
  EXPECT_EQ(EscapeHtml("\u00d7 5"), "\u00d7 5");
}

// Protects: a folder with a name in Latin-1 leaves markup that can be read.
TEST(EscapeHtml, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(EscapeHtml("caf\xe9/<a>"), "caf\ufffd/&lt;a&gt;");
}

}  // namespace
}  // namespace tritlab
