// Text within markup.
#ifndef TRITLAB_REPORTS_PAGE_ESCAPE_HTML_H_
#define TRITLAB_REPORTS_PAGE_ESCAPE_HTML_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tritlab {

// `text` for an element or a quoted attribute of HTML, or of SVG within it.
// Control characters become spaces: HTML has none but white space.
std::string EscapeHtml(absl::string_view text);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_PAGE_ESCAPE_HTML_H_
