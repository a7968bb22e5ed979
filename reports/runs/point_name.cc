#include "reports/runs/point_name.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace tritlab {

std::string JoinWords(absl::string_view text, absl::string_view kept,
                      char between) {
  std::string words;
  for (const char c : text) {
    if (absl::ascii_isalnum(c) || kept.find(c) != absl::string_view::npos) {
      words += c;
    } else if (!words.empty() && words.back() != between) {
      words += between;
    }
  }
  while (!words.empty() && words.back() == between) words.pop_back();
  return words;
}

std::string ValueInName(absl::string_view value) {
  return JoinWords(value, "._-+", '_');
}

std::string PointName(const std::vector<AxisValue>& axes) {
  return absl::StrJoin(axes, ",", [](std::string* out, const AxisValue& axis) {
    absl::StrAppend(out, axis.axis, "=", ValueInName(axis.value));
  });
}

std::vector<AxisValue> AxesOfName(absl::string_view name) {
  std::vector<AxisValue> axes;
  for (const absl::string_view part : absl::StrSplit(name, ',')) {
    const std::pair<absl::string_view, absl::string_view> split =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (split.first.empty() || split.second.empty()) return {};
    axes.push_back({std::string(split.first), std::string(split.second)});
  }
  return axes;
}

}  // namespace tritlab
