#include "reports/page/latex.h"

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "gtest/gtest.h"
#include "reports/made_up_report.h"
#include "reports/page/page.h"
#include "reports/report.pb.h"
#include "reports/run/report_page.h"

namespace tritlab {
namespace {

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(EscapeLatex, AllThatHasAMeaning) {
  EXPECT_EQ(EscapeLatex("100 % of a_b & c#1 $2 {x}"),
            "100 \\% of a\\_b \\& c\\#1 \\$2 \\{x\\}");
  EXPECT_EQ(EscapeLatex("\\a^b~c<d>|"),
            "\\textbackslash{}a\\textasciicircum{}b\\textasciitilde{}c"
            "\\textless{}d\\textgreater{}\\textbar{}");
  EXPECT_EQ(EscapeLatex("\"`"), "\\textquotedbl{}\\textasciigrave{}");
  EXPECT_EQ(EscapeLatex("a\nb\x01\x7f"), "a b  ");
}

TEST(EscapeLatex, SignsOfReportsAndOtherLetters) {
  EXPECT_EQ(EscapeLatex("\u00d7 5 \u00b1 1 \u00b5J"),
            "$\\times$ 5 $\\pm$ 1 \\textmu{}J");
  EXPECT_EQ(EscapeLatex("M\u00fcller"), "M\u00fcller");
}

// Protects: "--" is no dash, a negative number no hyphen.
TEST(EscapeLatex, HyphensAndMinusSigns) {
  EXPECT_EQ(EscapeLatex("--seed"), "-{}-{}seed");
  EXPECT_EQ(EscapeLatex("---"), "-{}-{}-");
  EXPECT_EQ(EscapeLatex("-5.35"), "$-$5.35");
  EXPECT_EQ(EscapeLatex("-"), "-");
  EXPECT_EQ(EscapeLatex("top-1"), "top-1");
}

// Protects: LaTeX has every table of the page and every cell of it.
TEST(PageToLatex, HasTheNumbersOfThePage) {
  const Report report = MadeUpReport(6, 4);
  const std::string latex = PageToLatex(ReportPage(report));
  int tables = 0;
  for (const PageElement& element : ReportPage(report).elements) {
    const PageTable* table = std::get_if<PageTable>(&element);
    if (table == nullptr) continue;
    ++tables;
    EXPECT_EQ(Count(latex, "\\label{tab:" + table->name + "}"), 1)
        << table->name;
    EXPECT_NE(latex.find(EscapeLatex(table->table.caption)), std::string::npos);
    for (const std::vector<std::string>& row : table->table.rows) {
      std::string line;
      for (size_t i = 0; i < row.size(); ++i)
        line += (i == 0 ? "" : " & ") + EscapeLatex(row[i]);
      EXPECT_NE(latex.find(line + " \\\\\n"), std::string::npos) << line;
    }
  }
  EXPECT_GT(tables, 5);
  EXPECT_EQ(Count(latex, "\\begin{table}"), tables);
  EXPECT_EQ(Count(latex, "\\end{table}"), tables);
  EXPECT_EQ(Count(latex, "\\toprule"), tables);
  EXPECT_EQ(latex.back(), '\n');
}

// Protects: a name from a spec can neither end a table nor call a macro.
TEST(PageToLatex, NamesAreOnlyText) {
  Report report = MadeUpReport(3, 2);
  report.mutable_results(1)->mutable_layers(1)->set_name(
      "}\\end{table}\\input{/etc/passwd} & \\\\ %");
  report.mutable_provenance()->set_experiment("x\n\\input{y}");
  const std::string latex = PageToLatex(ReportPage(report));
  EXPECT_EQ(latex.find("\\input"), std::string::npos);
  EXPECT_EQ(Count(latex, "\\begin{table}"), Count(latex, "\\end{table}"));
}

TEST(PageToLatex, LongTablesBreak) {
  Page page;
  PageTable table;
  table.table = {"caption", {{"[a]", false}, {"b"}}, {}};
  table.name = "long";
  for (int i = 0; i < 50; ++i) table.table.rows.push_back({"[x", "1"});
  page.elements.push_back(table);
  const std::string latex = PageToLatex(page);
  EXPECT_EQ(Count(latex, "\\begin{longtable}{lr}"), 1);
  EXPECT_EQ(Count(latex, "\n{}[x & 1 \\\\"), 50);
  EXPECT_EQ(Count(latex, "\n{}[a] & b \\\\"), 2);
  EXPECT_EQ(latex.find("\\begin{table}"), std::string::npos);
}

// Protects: the star of a name is printed; behind "\\" and a newline it would
// be that command's.
TEST(PageToLatex, AStarAtALinesBeginningIsText) {
  Page page;
  PageTable table;
  table.table = {
      "caption", {{"* a", false}, {"b"}}, {{"*x", "*1"}, {" *y", "[2"}}};
  table.name = "stars";
  page.elements.push_back(table);
  const std::string latex = PageToLatex(page);
  EXPECT_EQ(Count(latex, "\n{}* a & b \\\\\n"), 1) << latex;
  EXPECT_EQ(Count(latex, "\n{}*x & *1 \\\\\n"), 1) << latex;
  EXPECT_EQ(Count(latex, "\n{} *y & [2 \\\\\n"), 1) << latex;
}

}  // namespace
}  // namespace tritlab
