#include "reports/page/escape_html.h"

#include <string>

#include "absl/strings/string_view.h"
#include "reports/valid_text.h"

namespace tritlab {

std::string EscapeHtml(absl::string_view text) {
  std::string escaped;
  for (const char byte : ValidText(text)) {
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
        escaped += static_cast<unsigned char>(byte) < 0x20 ? ' ' : byte;
    }
  }
  return escaped;
}

}  // namespace tritlab
