#include "reports/page/html.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reports/page/escape_html.h"
#include "reports/page/kernel_picture.h"
#include "reports/page/page.h"
#include "reports/page/plot.h"
#include "reports/page/table.h"

namespace tritlab {
namespace {

// Pictures are drawn twice, for text in a picture scaled down to a phone could
// not be read; the page shows the one that fits.
constexpr int kWide = 960;
constexpr int kNarrow = 350;
// Longer tables scroll in their box, below their titles, where they are not
// folded away.
constexpr size_t kMostRows = 20;

constexpr char kStyle[] = R"css(
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
main{max-width:70rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2.5rem 0 .5rem;padding-top:.75rem;
border-top:1px solid var(--line);overflow-wrap:anywhere}
.lead{color:var(--muted);margin:0 0 1.5rem}
figure{margin:1rem 0 1.5rem}
figcaption{color:var(--muted);font-size:.875rem;max-width:46rem;margin-top:.5rem}
.scroll{overflow:auto;border:1px solid var(--line);border-radius:6px}
.tall{max-height:34rem}
table{border-collapse:collapse;font-size:.875rem;width:100%;
font-variant-numeric:tabular-nums}
th,td{padding:.4rem .75rem;text-align:right;white-space:nowrap;
border-bottom:1px solid var(--line)}
tbody tr:last-child>*{border-bottom:0}
thead th{font-weight:600;color:var(--muted);background:var(--raised)}
.name{text-align:left}
tbody th{font-weight:600;background:var(--ground)}
th:first-child{position:sticky;left:0}
.tall thead th{position:sticky;top:0;z-index:1}
.tall thead th:first-child{z-index:2}
th button{all:unset;cursor:pointer;white-space:nowrap}
th button::after{content:" \2195";opacity:.4}
th button:focus-visible{outline:2px solid var(--series-1)}
th[aria-sort] button{color:var(--ink)}
th[aria-sort] button::after{opacity:1}
th[aria-sort=ascending] button::after{content:" \2191"}
th[aria-sort=descending] button::after{content:" \2193"}
.sortable tbody th{white-space:normal;min-width:16rem}
.facts td,.facts tbody th{white-space:normal}
.facts td{overflow-wrap:anywhere}
.facts tbody th{font-weight:400;color:var(--muted)}
.picture{overflow-x:auto}
.picture svg{display:block;max-width:100%;height:auto;color:var(--ink)}
.narrow{display:none}
.note{border:1px dashed var(--line);border-radius:6px;padding:1rem;
color:var(--muted)}
details{margin:.75rem 0}
summary{cursor:pointer;font-weight:600}
@media (max-width:640px){main{padding:1rem 1rem 3rem}
h1{font-size:1.35rem}.wide{display:none}.narrow{display:block}
th,td{padding:.35rem .55rem}
tbody th{white-space:normal}
.sortable tbody th{overflow-wrap:anywhere;min-width:10rem}}
@media print{details>*{display:block}.scroll{overflow:visible;max-height:none}}
)css";
// Makes the titles of sortable tables into buttons: names from a to z first,
// numbers from the largest. What is no number stays at the end.
constexpr char kSortScript[] = R"js(
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  table.querySelectorAll("thead th").forEach((title, column) => {
    const names = title.classList.contains("name");
    const key = row => {
      const text = row.cells[column].textContent;
      if (names) return text;
      const value = parseFloat(text.replace(/,/g, ""));
      const power = ["million", "billion", "trillion"]
          .findIndex(word => text.includes(word));
      return value * 1000 ** (power < 0 ? 0 : power + 2);
    };
    const button = document.createElement("button");
    button.append(...title.childNodes);
    title.append(button);
    button.addEventListener("click", () => {
      const sorted = title.getAttribute("aria-sort");
      const ascending = sorted ? sorted == "descending" : names;
      for (const other of title.parentNode.cells)
        other.removeAttribute("aria-sort");
      title.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      const rows = [...body.rows].map(row => [key(row), row]);
      rows.sort(([a], [b]) => {
        if (!names && (isNaN(a) || isNaN(b))) return isNaN(a) - isNaN(b);
        const order = names ? a.localeCompare(b, "en", {numeric: true}) : a - b;
        return ascending ? order : -order;
      });
      body.append(...rows.map(([, row]) => row));
    });
  });
}
)js";
// Of kSortScript: the browser runs this script and nothing else, whatever the
// names on a page contain. render_test compares it.
constexpr char kSortScriptHash[] =
    "sha256-3N2isnKXC5jvXsNgsbbnVB3SZcCCQn6LKQ4PrK1IwAY=";

std::string RenderTable(const PageTable& page_table) {
  const Table& table = page_table.table;
  const bool facts =
      std::none_of(table.columns.begin(), table.columns.end(),
                   [](const Column& column) { return column.numeric; });
  const bool tall = page_table.title.empty() && table.rows.size() > kMostRows;
  std::string text = absl::StrCat(
      "<figure id=\"", EscapeHtml(page_table.name), "\">\n<div class=\"scroll",
      tall ? " tall" : "", "\" tabindex=\"0\"><table class=\"",
      page_table.sortable ? "sortable"
      : facts             ? "facts"
                          : "",
      "\">\n<thead><tr>");
  for (const Column& column : table.columns) {
    absl::StrAppend(&text, "<th scope=\"col\"",
                    column.numeric ? "" : " class=\"name\"", ">",
                    EscapeHtml(column.title), "</th>");
  }
  text += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : table.rows) {
    text += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      const absl::string_view name =
          table.columns[i].numeric ? "" : " class=\"name\"";
      if (i == 0) {
        absl::StrAppend(&text, "<th scope=\"row\"", name, ">",
                        EscapeHtml(row[i]), "</th>");
      } else {
        absl::StrAppend(&text, "<td", name, ">", EscapeHtml(row[i]), "</td>");
      }
    }
    text += "</tr>\n";
  }
  absl::StrAppend(&text, "</tbody></table></div>\n<figcaption>",
                  EscapeHtml(table.caption), "</figcaption>\n</figure>\n");
  if (page_table.title.empty()) return text;
  return absl::StrCat("<details", page_table.open ? " open" : "", "><summary>",
                      EscapeHtml(page_table.title), " (", table.rows.size(),
                      ")</summary>\n", text, "</details>\n");
}

std::string WithCaption(absl::string_view picture, absl::string_view caption) {
  return absl::StrCat("<figure>\n", picture, "<figcaption>",
                      EscapeHtml(caption), "</figcaption>\n</figure>\n");
}

std::string NoPicture(absl::string_view reason) {
  return absl::StrCat("<p class=\"note\">No picture: ", EscapeHtml(reason),
                      ".</p>\n");
}

std::string RenderFigure(const Figure& figure) {
  std::string picture;
  for (const bool wide : {true, false}) {
    const absl::string_view size = wide ? "wide" : "narrow";
    Plot plot = figure.plot;
    absl::StrAppend(&plot.name, "_", size);
    const absl::StatusOr<std::string> svg =
        DrawSvg(plot, wide ? kWide : kNarrow, figure.height);
    if (!svg.ok()) {
      picture = NoPicture(svg.status().message());
      break;
    }
    absl::StrAppend(&picture, "<div class=\"picture ", size, "\">", *svg,
                    "</div>\n");
  }
  return WithCaption(picture, figure.caption);
}

// Lays out one element of a page after the other.
class HtmlWriter {
 public:
  void operator()(const Heading& heading) {
    Append("<h2>", EscapeHtml(heading.text), "</h2>\n");
  }
  void operator()(const Paragraph& paragraph) {
    Append("<p>", EscapeHtml(paragraph.text), "</p>\n");
  }
  void operator()(const Notes& notes) {
    Append("<ul>\n");
    for (const std::string& line : notes.lines)
      Append("<li>", EscapeHtml(line), "</li>\n");
    Append("</ul>\n");
  }
  void operator()(const PageTable& table) {
    sortable_ |= table.sortable;
    Append(RenderTable(table));
  }
  void operator()(const Figure& figure) { Append(RenderFigure(figure)); }
  void operator()(const KernelFigure& figure) {
    const absl::StatusOr<std::string> svg = DrawKernels(
        figure.kernels, absl::StrCat("kernels_", ++kernels_), figure.title);
    Append(WithCaption(
        svg.ok() ? absl::StrCat("<div class=\"picture\">", *svg, "</div>\n")
                 : NoPicture(svg.status().message()),
        figure.caption));
  }

  const std::string& text() const { return text_; }
  bool sortable() const { return sortable_; }

 private:
  template <typename... Parts>
  void Append(const Parts&... parts) {
    absl::StrAppend(&text_, parts...);
  }

  std::string text_;
  int kernels_ = 0;
  bool sortable_ = false;
};

}  // namespace

std::string PageToHtml(const Page& page) {
  HtmlWriter body;
  for (const PageElement& element : page.elements) std::visit(body, element);
  const std::string title = EscapeHtml(page.title);
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
      "dark\">\n"
      // Nothing is fetched, and nothing that a name contains is run.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
      "'none'; style-src 'unsafe-inline'",
      body.sortable() ? absl::StrCat("; script-src '", kSortScriptHash, "'")
                      : "",
      "\">\n<title>", title,
      "</title>\n<style>:root{--ground:#ffffff;--raised:#f5f6f8;",
      "--line:#dcdfe3;", kLightPlotColors,
      "}\n@media (prefers-color-scheme:dark){:root{--ground:#16181c;",
      "--raised:#20242a;--line:#383e46;", kDarkPlotColors, "}}", kStyle,
      "</style>\n</head>\n<body>\n<main>\n<h1>", title,
      "</h1>\n<p class=\"lead\">", EscapeHtml(page.lead), "</p>\n", body.text(),
      "</main>\n",
      body.sortable() ? absl::StrCat("<script>", kSortScript, "</script>\n")
                      : "",
      "</body>\n</html>\n");
}

}  // namespace tritlab
