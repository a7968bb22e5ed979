#include "reports/page/page.h"

#include <string>
#include <variant>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

TEST(PageName, IsAWordForLinks) {
  EXPECT_EQ(PageName("full_precision"), "full-precision");
  EXPECT_EQ(PageName(" <a>\\b{1.5}% "), "a-b-1-5");
  EXPECT_EQ(PageName("\u00b5"), "");
}

// Protects: no heading stands above nothing where there are no pictures.
TEST(WithoutPictures, LeavesOutTheirHeadings) {
  Page page;
  page.title = "title";
  page.elements = {Heading{"picture"}, Figure{},         Heading{"table"},
                   PageTable{},        Figure{},         Heading{"both"},
                   KernelFigure{},     Paragraph{"text"}};
  const Page words = WithoutPictures(page);
  EXPECT_EQ(words.title, "title");
  ASSERT_EQ(words.elements.size(), 4u);
  EXPECT_EQ(std::get<Heading>(words.elements[0]).text, "table");
  EXPECT_TRUE(std::holds_alternative<PageTable>(words.elements[1]));
  EXPECT_EQ(std::get<Heading>(words.elements[2]).text, "both");
  EXPECT_EQ(std::get<Paragraph>(words.elements[3]).text, "text");
}

}  // namespace
}  // namespace tritlab
