// Text within markup.
#ifndef TRITLAB_REPORTS_PAGE_ESCAPE_HTML_H_
#define TRITLAB_REPORTS_PAGE_ESCAPE_HTML_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tritlab {

// `text` for an element or a quoted attribute of HTML, of SVG within it, or of
// XML. Control characters become spaces: HTML has none but white space. Bytes
// that are not UTF-8 (a folder's name may have such) become U+FFFD: one of them
// makes XML that no reader takes.
std::string EscapeHtml(absl::string_view text);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_PAGE_ESCAPE_HTML_H_
