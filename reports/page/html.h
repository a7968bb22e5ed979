// Pages as HTML: report.html and runs.html.
#ifndef TRITLAB_REPORTS_PAGE_HTML_H_
#define TRITLAB_REPORTS_PAGE_HTML_H_

#include <string>

#include "reports/page/page.h"

namespace tritlab {

// One self-contained page: nothing is fetched; light or dark as the reader's
// system is, and readable on a phone and without scripts. Pictures are drawn by
// gnuplot; where there is none, a note stands in their place. The only script
// there ever is sorts tables that are sortable, at a click on a column's title.
std::string PageToHtml(const Page& page);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_PAGE_HTML_H_
