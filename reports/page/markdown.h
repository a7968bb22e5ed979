// Pages as GitHub-flavoured Markdown: report.md and runs.md.
#ifndef TRITLAB_REPORTS_PAGE_MARKDOWN_H_
#define TRITLAB_REPORTS_PAGE_MARKDOWN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "reports/page/page.h"

namespace tritlab {

// Words and tables; no pictures.
std::string PageToMarkdown(const Page& page);

// Text that Markdown shows as it stands, on one line.
std::string EscapeMarkdown(absl::string_view text);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_PAGE_MARKDOWN_H_
