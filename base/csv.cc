#include "base/csv.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace tritlab {

std::string CsvLine(const std::vector<std::string>& fields) {
  std::vector<std::string> quoted;
  for (const std::string& field : fields) {
    const bool plain = field.find_first_of(",\"\r\n") == std::string::npos;
    quoted.push_back(
        plain ? field
              : absl::StrCat("\"", absl::StrReplaceAll(field, {{"\"", "\"\""}}),
                             "\""));
  }
  return absl::StrCat(absl::StrJoin(quoted, ","), "\n");
}

std::string CsvNumber(double value) {
  // A NaN may carry a sign, which says nothing.
  if (std::isnan(value)) return "nan";
  char digits[32];
  const std::to_chars_result end =
      std::to_chars(digits, digits + sizeof(digits), value);
  return std::string(digits, end.ptr);
}

std::vector<std::vector<std::string>> CsvFields(absl::string_view csv) {
  std::vector<std::vector<std::string>> lines;
  bool new_line = true, quoted = false;
  for (size_t i = 0; i < csv.size(); ++i) {
    if (std::exchange(new_line, false)) lines.push_back({""});
    std::string& field = lines.back().back();
    if (quoted) {
      if (csv[i] != '"') {
        field += csv[i];
      } else if (i + 1 < csv.size() && csv[i + 1] == '"') {
        field += csv[++i];
      } else {
        quoted = false;
      }
    } else if (csv[i] == '"') {
      quoted = true;
    } else if (csv[i] == ',') {
      lines.back().emplace_back();
    } else if (csv[i] == '\n') {
      new_line = true;
    } else if (csv[i] != '\r') {
      field += csv[i];
    }
  }
  return lines;
}

}  // namespace tritlab
