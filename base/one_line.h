// Text from files, on its way to a terminal.
#ifndef TRITLAB_BASE_ONE_LINE_H_
#define TRITLAB_BASE_ONE_LINE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tritlab {

// The text in one line, and without anything that a terminal would obey: blanks
// in place of control characters.
inline std::string OneLine(absl::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

}  // namespace tritlab

#endif  // TRITLAB_BASE_ONE_LINE_H_
