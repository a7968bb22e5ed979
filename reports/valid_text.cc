#include "reports/valid_text.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tritlab {
namespace {

// The length of the UTF-8 character that `text` begins with, 0 if it is none.
size_t CharacterLength(absl::string_view text) {
  const auto byte = [&](size_t i) -> uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto continues = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  if (byte(0) < 0x80) return 1;
  if (byte(0) >= 0xC2 && byte(0) <= 0xDF && continues(1)) return 2;
  if ((byte(0) & 0xF0) == 0xE0 && continues(1) && continues(2)) {
    const uint32_t value = (byte(0) & 0xF) << 6 | (byte(1) & 0x3F);
    // Neither longer than needed nor half of a surrogate pair.
    return value >= 0x20 && (value < 0x360 || value > 0x37F) ? 3 : 0;
  }
  if (byte(0) >= 0xF0 && byte(0) <= 0xF4 && continues(1) && continues(2) &&
      continues(3)) {
    const uint32_t value = (byte(0) & 0x7) << 6 | (byte(1) & 0x3F);
    return value >= 0x10 && value <= 0x10F ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string ValidText(absl::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    absl::StrAppend(&valid,
                    length > 0 ? text.substr(0, length) : "\xEF\xBF\xBD");
    text.remove_prefix(length > 0 ? length : 1);
  }
  return valid;
}

}  // namespace tritlab
