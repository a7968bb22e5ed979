#include "reports/html.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reports/figures.h"
#include "reports/kernel_picture.h"
#include "reports/plot.h"
#include "reports/report.pb.h"
#include "reports/report_tables.h"
#include "reports/table.h"

namespace tritlab {
namespace {

// Pictures are drawn twice, for text in a picture scaled down to a phone could
// not be read; the page shows the one that fits.
constexpr int kWide = 960;
constexpr int kNarrow = 350;

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
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:6px}
table{border-collapse:collapse;font-size:.875rem;width:100%;
font-variant-numeric:tabular-nums}
th,td{padding:.4rem .75rem;text-align:right;white-space:nowrap;
border-bottom:1px solid var(--line)}
tbody tr:last-child>*{border-bottom:0}
thead th{font-weight:600;color:var(--muted);background:var(--raised)}
.name{text-align:left}
tbody th{font-weight:600;background:var(--ground)}
th:first-child{position:sticky;left:0}
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
th,td{padding:.35rem .55rem}}
@media print{details>*{display:block}.scroll{overflow:visible}}
)css";

std::string RenderTable(const Table& table, absl::string_view kind) {
  std::string text =
      absl::StrCat("<figure>\n<div class=\"scroll\" ",
                   "tabindex=\"0\"><table class=\"", kind, "\">\n<thead><tr>");
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
  return text;
}

bool Quantizes(const PhaseResult& phase) {
  return std::any_of(phase.layers().begin(), phase.layers().end(),
                     [](const LayerResult& layer) {
                       return layer.quantizer() != "full_precision";
                     });
}

std::string RenderFigure(Figure figure) {
  const std::string name = figure.plot.name;
  std::string picture;
  for (const bool wide : {true, false}) {
    figure.plot.name = absl::StrCat(name, wide ? "_wide" : "_narrow");
    const absl::StatusOr<std::string> svg =
        DrawSvg(figure.plot, wide ? kWide : kNarrow, figure.height);
    if (!svg.ok()) {
      picture = absl::StrCat("<p class=\"note\">No picture: ",
                             EscapeHtml(svg.status().message()), ".</p>\n");
      break;
    }
    absl::StrAppend(&picture, "<div class=\"picture ", wide ? "wide" : "narrow",
                    "\">", *svg, "</div>\n");
  }
  return absl::StrCat("<figure>\n", picture, "<figcaption>",
                      EscapeHtml(figure.caption), "</figcaption>\n</figure>\n");
}

std::string RenderKernels(const Report& report, const PhaseResult& phase) {
  std::string text;
  int number = 0;
  for (const LayerResult& layer : phase.layers()) {
    if (!layer.has_kernels()) continue;
    const absl::StatusOr<std::string> svg =
        DrawKernels(layer.kernels(), absl::StrCat("kernels_", ++number),
                    absl::StrCat("Kernels of layer ", layer.name()));
    absl::StrAppend(
        &text, "<figure>\n",
        svg.ok() ? absl::StrCat("<div class=\"picture\">", *svg, "</div>\n")
                 : absl::StrCat("<p class=\"note\">No picture: ",
                                EscapeHtml(svg.status().message()), ".</p>\n"),
        "<figcaption>", EscapeHtml(KernelCaptionOf(report, phase, layer)),
        "</figcaption>\n</figure>\n");
  }
  return text;
}

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  std::string escaped;
  for (const char byte : text) {
    switch (byte) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        // HTML has no control characters but white space.
        escaped += static_cast<unsigned char>(byte) < 0x20 ? ' ' : byte;
    }
  }
  return escaped;
}

std::string ReportToHtml(const Report& report) {
  const std::string title = EscapeHtml(TitleOf(report));
  std::string text = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
      "dark\">\n"
      // Nothing is fetched, and nothing that a name contains is run.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
      "'none'; style-src 'unsafe-inline'\">\n<title>",
      title, "</title>\n<style>:root{--ground:#ffffff;--raised:#f5f6f8;",
      "--line:#dcdfe3;", kLightPlotColors,
      "}\n@media (prefers-color-scheme:dark){:root{--ground:#16181c;",
      "--raised:#20242a;--line:#383e46;", kDarkPlotColors, "}}", kStyle,
      "</style>\n</head>\n<body>\n<main>\n<h1>", title,
      "</h1>\n<p class=\"lead\">", EscapeHtml(SettingOf(report)), "</p>\n");
  if (report.results_size() == 0) {
    text += "<p class=\"note\">No phase has finished.</p>\n";
  } else {
    text += RenderTable(SummaryTableOf(report, SummaryDetail::kPage), "");
  }
  if (report.paper_size() > 0) {
    text += "<ul>\n";
    for (const std::string& note : PaperNotes(report)) {
      absl::StrAppend(&text, "<li>", EscapeHtml(note), "</li>\n");
    }
    text += "</ul>\n";
  }
  if (const Table change = ChangeTableOf(report); !change.rows.empty()) {
    text += RenderTable(change, "");
  }
  if (report.results_size() > 0) {
    text += "<h2>Accuracy by epoch</h2>\n";
    text += RenderFigure(AccuracyFigure(report));
    const Figure sparsity = SparsityFigure(report);
    if (!sparsity.plot.series.empty()) {
      text += "<h2>Sparsity by layer</h2>\n";
      text += RenderFigure(sparsity);
    }
  }
  if (const Table file = ModelFileTableOf(report); !file.rows.empty()) {
    absl::StrAppend(&text, "<h2>The packed model</h2>\n",
                    RenderTable(file, ""));
  }
  if (report.results_size() > 0) {
    absl::StrAppend(&text, "<h2>Cost of training</h2>\n",
                    RenderTable(CostTableOf(report), ""));
  }
  if (const Table energy = EnergyTableOf(report); !energy.rows.empty()) {
    absl::StrAppend(&text, "<h2>Energy</h2>\n", RenderTable(energy, ""));
  }
  for (const PhaseResult& phase : report.results()) {
    absl::StrAppend(&text, "<h2>Phase ", EscapeHtml(phase.name()), "</h2>\n<p>",
                    EscapeHtml(ResultSentence(phase)), "</p>\n");
    if (phase.layers_size() > 0) {
      absl::StrAppend(
          &text, "<details", Quantizes(phase) ? " open" : "",
          "><summary>Layers (", phase.layers_size(), ")</summary>\n",
          RenderTable(LayerTableOf(report, phase), ""), "</details>\n");
    }
    if (const Table energy = LayerEnergyTableOf(report, phase);
        !energy.rows.empty()) {
      absl::StrAppend(&text, "<details><summary>Energy by layer (",
                      energy.rows.size(), ")</summary>\n",
                      RenderTable(energy, ""), "</details>\n");
    }
    if (const Table filters = FilterTableOf(report, phase);
        !filters.rows.empty()) {
      absl::StrAppend(&text, "<details><summary>Filters (", filters.rows.size(),
                      ")</summary>\n", RenderTable(filters, ""),
                      "</details>\n");
    }
    // Of the last phase only: the pictures are large.
    if (&phase == &report.results(report.results_size() - 1))
      text += RenderKernels(report, phase);
    if (phase.epochs_size() > 0) {
      absl::StrAppend(&text, "<details><summary>Accuracy by epoch (",
                      phase.epochs_size(), ")</summary>\n",
                      RenderTable(EpochTableOf(report, phase), ""),
                      "</details>\n");
    }
  }
  absl::StrAppend(&text, "<h2>What was run</h2>\n",
                  RenderTable(ProvenanceTableOf(report), "facts"),
                  "</main>\n</body>\n</html>\n");
  return text;
}

}  // namespace tritlab
