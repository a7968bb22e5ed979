// report.html: the report as one self-contained page.
#ifndef TRITLAB_REPORTS_HTML_H_
#define TRITLAB_REPORTS_HTML_H_

#include <string>

#include "absl/strings/string_view.h"
#include "reports/report.pb.h"

namespace tritlab {

// No scripts, nothing fetched; light or dark as the reader's system is, and
// readable on a phone. Tables and figures are those of report.md, with pictures
// drawn by gnuplot, or a note where there is no gnuplot.
std::string ReportToHtml(const Report& report);

// Text for an element or a quoted attribute.
std::string EscapeHtml(absl::string_view text);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_HTML_H_
