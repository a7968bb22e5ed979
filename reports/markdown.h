// report.md: the report as GitHub-flavoured Markdown.
#ifndef TRITLAB_REPORTS_MARKDOWN_H_
#define TRITLAB_REPORTS_MARKDOWN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "reports/report.pb.h"

namespace tritlab {

// The summary first, then what was run, then each phase by epoch and layer.
std::string ReportToMarkdown(const Report& report);

// Text that Markdown shows as it stands, on one line.
std::string EscapeMarkdown(absl::string_view text);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_MARKDOWN_H_
