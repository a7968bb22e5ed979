#include "reports/page/html.h"

#include <cstdlib>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "reports/made_up_report.h"
#include "reports/page/escape_html.h"
#include "reports/page/markdown.h"
#include "reports/page/page.h"
#include "reports/page/table.h"
#include "reports/report.pb.h"
#include "reports/report_json.h"
#include "reports/run/report_page.h"
#include "reports/run/report_tables.h"

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

// Protects: every row of every table is on both pages, cell by cell, and the
// same again from report.json.
TEST(PageToHtml, HasTheNumbersOfMarkdownAndJson) {
  const Report report = MadeUpReport(6, 4);
  const auto json = ReportToJson(report);
  ASSERT_TRUE(json.ok()) << json.status();
  const auto read = ReportFromJson(*json, "report.json");
  ASSERT_TRUE(read.ok()) << read.status();
  const std::string html = PageToHtml(ReportPage(report));
  const std::string markdown = PageToMarkdown(ReportPage(report));
  EXPECT_EQ(PageToMarkdown(ReportPage(*read)), markdown);
  EXPECT_EQ(PageToHtml(ReportPage(*read)), html);

  std::vector<Table> tables = {
      SummaryTableOf(report, SummaryDetail::kPage), ChangeTableOf(report),
      CostTableOf(report), ModelFileTableOf(report), ProvenanceTableOf(report)};
  for (const PhaseResult& phase : report.results()) {
    tables.push_back(EpochTableOf(report, phase));
    tables.push_back(LayerTableOf(report, phase));
    if (Table filters = FilterTableOf(report, phase); !filters.rows.empty())
      tables.push_back(std::move(filters));
  }
  for (const Table& table : tables) {
    ASSERT_FALSE(table.rows.empty());
    for (const std::vector<std::string>& row : table.rows) {
      std::string in_html = "<tr>", in_markdown = "|";
      for (size_t i = 0; i < row.size(); ++i) {
        const char* name = table.columns[i].numeric ? "" : " class=\"name\"";
        absl::StrAppend(&in_html, i == 0 ? "<th scope=\"row\"" : "<td", name,
                        ">", EscapeHtml(row[i]), i == 0 ? "</th>" : "</td>");
        absl::StrAppend(&in_markdown, " ", EscapeMarkdown(row[i]), " |");
      }
      EXPECT_EQ(Count(html, in_html + "</tr>"),
                Count(markdown, in_markdown + "\n"))
          << in_html;
      EXPECT_GE(Count(html, in_html + "</tr>"), 1) << in_html;
    }
    EXPECT_NE(html.find(EscapeHtml(table.caption)), std::string::npos);
    EXPECT_NE(markdown.find(EscapeMarkdown(table.caption)), std::string::npos);
  }
}

// Protects: the page is one file that fetches and runs nothing.
TEST(PageToHtml, IsSelfContained) {
  const std::string html = PageToHtml(ReportPage(MadeUpReport()));
  EXPECT_TRUE(absl::StartsWith(html, "<!DOCTYPE html>"));
  for (const char* absent : {"<script", "<link", "<img", "<iframe", "@import",
                             "url(", " onload", " src=", "https://"}) {
    EXPECT_EQ(html.find(absent), std::string::npos) << absent;
  }
  // The one address is the name of SVG's namespace.
  EXPECT_EQ(Count(html, "http://"), Count(html, "http://www.w3.org/2000/svg"));
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(html.find("prefers-color-scheme:dark"), std::string::npos);
  EXPECT_NE(html.find("name=\"viewport\""), std::string::npos);
}

// Protects: names from a spec or a folder are text, wherever they stand.
TEST(PageToHtml, EscapesEveryName) {
  const std::string evil = "<script>alert('x')</script>&\"";
  Report report = MadeUpReport();
  report.mutable_provenance()->set_experiment(evil);
  report.mutable_provenance()->set_dataset(evil);
  report.mutable_provenance()->set_data_source(evil);
  report.mutable_provenance()->set_commit(evil);
  report.mutable_network()->set_name(evil);
  report.mutable_network()->set_description(evil);
  report.mutable_paper(0)->set_source(evil);
  PhaseResult* phase = report.mutable_results(1);
  phase->set_name(evil);
  phase->set_starts_from(evil);
  phase->mutable_layers(1)->set_name(evil);
  phase->mutable_layers(1)->set_kind(evil);
  phase->mutable_layers(1)->set_quantizer(evil);
  (*phase->mutable_layers(1)->mutable_values())[evil] = 1;
  const std::string html = PageToHtml(ReportPage(report));
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_NE(html.find("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;"
                      "&quot;"),
            std::string::npos);
}

// Protects: filters of the phases that quantize, kernels of the last phase; a
// damaged picture makes a note.
TEST(PageToHtml, ShowsFiltersAndKernels) {
  Report report = MadeUpReport(6, 2);
  std::string html = PageToHtml(ReportPage(report));
  EXPECT_EQ(Count(html, "<summary>Filters (4)</summary>"), 1);
  EXPECT_EQ(Count(html, "aria-labelledby=\"kernels_"), 2);
  EXPECT_NE(
      html.find(EscapeHtml(FilterTableOf(report, report.results(1)).caption)),
      std::string::npos);
  EXPECT_NE(html.find(EscapeHtml(KernelCaptionOf(report, report.results(1),
                                                 report.results(1).layers(4)))),
            std::string::npos);
  LayerResult* layer = report.mutable_results(1)->mutable_layers(1);
  layer->set_name("<script>");
  layer->mutable_kernels()->set_signs("<script>");
  html = PageToHtml(ReportPage(report));
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(Count(html, "No picture: a picture of 1728 weights"), 1);
  EXPECT_EQ(Count(html, "aria-labelledby=\"kernels_"), 1);
}

TEST(PageToHtml, ZeroEpochsNaNAndNothingAtAll) {
  Report report = MadeUpReport(2, 0);
  report.mutable_results(0)->set_top1(std::numeric_limits<double>::quiet_NaN());
  const std::string html = PageToHtml(ReportPage(report));
  EXPECT_NE(html.find("<td>NaN</td>"), std::string::npos);
  EXPECT_NE(html.find("No picture: there is nothing to draw."),
            std::string::npos);
  EXPECT_NE(PageToHtml(ReportPage(Report())).find("No phase has finished."),
            std::string::npos);
}

// Protects: without gnuplot there is a note and the caption, and the rest of
// the page as ever. Last, for it changes PATH.
TEST(PageToHtmlWithoutGnuplot, HasANoteInPlaceOfThePicture) {
  const char* path = std::getenv("PATH");
  const std::string before = path == nullptr ? "" : path;
  setenv("PATH", testing::TempDir().c_str(), 1);
  const Report report = MadeUpReport();
  const std::string html = PageToHtml(ReportPage(report));
  setenv("PATH", before.c_str(), 1);
  int figures = 0;
  for (const PageElement& element : ReportPage(report).elements)
    figures += std::holds_alternative<Figure>(element);
  EXPECT_GE(figures, 2);
  EXPECT_EQ(Count(html, "No picture: gnuplot is not installed"), figures);
  EXPECT_EQ(Count(html, "<svg"), 2);  // kernels are drawn without it
  EXPECT_NE(html.find("Top-1 accuracy by epoch of each phase"),
            std::string::npos);
  EXPECT_NE(html.find("</html>"), std::string::npos);
}

}  // namespace
}  // namespace tritlab
