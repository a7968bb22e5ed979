// Pages as LaTeX tables: report.tex and runs.tex, for a paper to \input.
#ifndef TRITLAB_REPORTS_PAGE_LATEX_H_
#define TRITLAB_REPORTS_PAGE_LATEX_H_

#include <string>

#include "absl/strings/string_view.h"
#include "reports/page/page.h"

namespace tritlab {

// The tables of a page, with the text that report.md and report.html have in
// their cells, ruled by booktabs and labelled "tab:NAME" (PageTable). A table
// that is wider than the line is scaled down to it; one that is longer than a
// page is broken (longtable). The packages that it needs are named at its top.
// Words between the tables, other than captions, are left out.
std::string PageToLatex(const Page& page);

// Text that LaTeX prints as it stands, on one line. Of what is not ASCII, the
// signs that reports use (×, ±, µ, ...) become commands; other letters stay
// UTF-8, which LaTeX reads since 2018. The hyphen that begins a negative number
// becomes a minus sign.
std::string EscapeLatex(absl::string_view text);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_PAGE_LATEX_H_
