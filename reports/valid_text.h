// Text of any bytes, on its way to a file that must be UTF-8.
#ifndef TRITLAB_REPORTS_VALID_TEXT_H_
#define TRITLAB_REPORTS_VALID_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tritlab {

// `text` with U+FFFD in place of each byte that is no part of a character of
// UTF-8.
std::string ValidText(absl::string_view text);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_VALID_TEXT_H_
