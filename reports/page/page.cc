#include "reports/page/page.h"

#include <string>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace tritlab {

std::string PageName(absl::string_view text) {
  std::string name;
  for (const char byte : text) {
    if (absl::ascii_isalnum(byte)) {
      name += absl::ascii_tolower(byte);
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name;
}

Page WithoutPictures(const Page& page) {
  Page words = page;
  words.elements.clear();
  const PageElement* heading = nullptr;
  for (const PageElement& element : page.elements) {
    if (std::holds_alternative<Heading>(element)) {
      heading = &element;
    } else if (!std::holds_alternative<Figure>(element) &&
               !std::holds_alternative<KernelFigure>(element)) {
      if (heading != nullptr) words.elements.push_back(*heading);
      heading = nullptr;
      words.elements.push_back(element);
    }
  }
  return words;
}

}  // namespace tritlab
