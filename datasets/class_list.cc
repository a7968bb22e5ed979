#include "datasets/class_list.h"

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"

namespace tritlab {

std::vector<std::string> ClassListLines(absl::string_view list) {
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(list, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

std::vector<std::string> NamedClasses(const std::vector<std::string>& folders,
                                      absl::string_view list) {
  std::map<std::string, std::string> names;
  for (const std::string& line : ClassListLines(list)) {
    const size_t end = line.find_first_of(" \t");
    if (end == std::string::npos) continue;
    names[line.substr(0, end)] = std::string(
        absl::StripAsciiWhitespace(absl::string_view(line).substr(end)));
  }
  std::vector<std::string> result;
  for (const std::string& folder : folders) {
    const auto name = names.find(folder);
    result.push_back(
        name == names.end() ? folder : absl::StrCat(folder, " ", name->second));
  }
  return result;
}

absl::StatusOr<std::string> ReadClassList(absl::string_view folder) {
  const std::string path = JoinPath(folder, "classes.txt");
  if (!FileExists(path)) return std::string();
  return ReadFile(path, kMaxClassListBytes);
}

}  // namespace tritlab
