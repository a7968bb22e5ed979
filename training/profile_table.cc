#include "training/profile_table.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace tritlab {
namespace {

// `per_second` in units of 10^9 and its share of `roof`; two empty columns
// where nothing is counted.
std::string Rate(double per_second, double roof) {
  if (!(per_second > 0)) return absl::StrFormat("%10s %6s", "", "");
  if (!(roof > 0)) return absl::StrFormat("%10.2f %6s", per_second * 1e-9, "");
  return absl::StrFormat("%10.2f %5.1f%%", per_second * 1e-9,
                         100 * per_second / roof);
}

std::string Table(absl::string_view title,
                  const std::vector<StepProfile::Row>& rows,
                  const StepProfile& profile, const Roofline& roofline) {
  size_t width = title.size();
  for (const StepProfile::Row& row : rows)
    width = std::max(width, row.name.size());
  std::string table = absl::StrFormat(
      "%-*s %9s %7s %10s %6s %10s %6s\n", static_cast<int>(width), title,
      "ms/step", "share", "GMAC/s", "roof", "GB/s", "roof");
  for (const StepProfile::Row& row : rows) {
    const auto a_second = [&](int64_t count) {
      return row.seconds > 0 ? static_cast<double>(count) / row.seconds : 0;
    };
    absl::StrAppendFormat(
        &table, "%-*s %9.3f %6.1f%% %s %s\n", static_cast<int>(width), row.name,
        1e3 * row.seconds / static_cast<double>(profile.steps()),
        100 * row.seconds / profile.seconds(),
        Rate(a_second(row.multiply_adds), roofline.f32_multiply_adds),
        Rate(a_second(row.bytes), roofline.bytes));
  }
  return table;
}

}  // namespace

std::string ProfileTable(const StepProfile& profile, const Roofline& roofline) {
  return absl::StrFormat(
      "%d steps of %.3f ms; roofs: %.1f GMAC/s in f32, %.1f GB/s\n\n%s\n%s",
      profile.steps(),
      1e3 * profile.seconds() / static_cast<double>(profile.steps()),
      roofline.f32_multiply_adds * 1e-9, roofline.bytes * 1e-9,
      Table("kind", profile.ByKind(), profile, roofline),
      Table("operator", profile.ByOperator(), profile, roofline));
}

}  // namespace tritlab
