#include "reports/page/escape_html.h"

#include "gtest/gtest.h"

namespace tritlab {
namespace {

TEST(EscapeHtml, AllThatHasAMeaning) {
  EXPECT_EQ(EscapeHtml("a<b>&\"'\n\x01"), "a&lt;b&gt;&amp;&quot;&#39;  ");
  EXPECT_EQ(EscapeHtml("\u00d7 5"), "\u00d7 5");
}

}  // namespace
}  // namespace tritlab
