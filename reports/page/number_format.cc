#include "reports/page/number_format.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tritlab {
namespace {

// The name of a value that is no finite number, empty for the others.
std::string NotFinite(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return "";
}

}  // namespace

std::string FormatFixed(double value, int digits) {
  if (std::string name = NotFinite(value); !name.empty()) return name;
  std::string text = absl::StrFormat("%.*f", digits, value);
  // A value that rounds to zero from below.
  if (text[0] == '-' && text.find_first_not_of("-0.") == std::string::npos) {
    text.erase(0, 1);
  }
  return text;
}

std::string FormatDifference(double value, int digits) {
  const std::string text = FormatFixed(value, digits);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return std::isfinite(value) && value > 0 && !zero ? absl::StrCat("+", text)
                                                    : text;
}

std::string FormatCount(uint64_t value) {
  const std::string digits = absl::StrCat(value);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string FormatRounded(double value) {
  // Beyond 2^53 a double has no digits left to group.
  if (!std::isfinite(value) || std::abs(value) > 9e15) {
    return FormatSignificant(value);
  }
  const double rounded = std::round(value);
  const std::string magnitude =
      FormatCount(static_cast<uint64_t>(std::abs(rounded)));
  return rounded < 0 ? absl::StrCat("-", magnitude) : magnitude;
}

std::string FormatSignificant(double value) {
  if (std::string name = NotFinite(value); !name.empty()) return name;
  return value == 0 ? "0" : absl::StrFormat("%.4g", value);
}

std::string FormatMagnitude(double value) {
  if (!std::isfinite(value)) return NotFinite(value);
  if (std::abs(value) < 1e6) return FormatRounded(value);
  constexpr std::pair<double, const char*> kUnits[] = {
      {1e6, "million"}, {1e9, "billion"}, {1e12, "trillion"}};
  // From here on three digits are those of a thousand.
  constexpr double kThousand = 999.5;
  size_t i = 0;
  while (i + 1 < std::size(kUnits) &&
         std::abs(value) / kUnits[i].first >= kThousand)
    ++i;
  const auto& [unit, name] = kUnits[i];
  const double share = value / unit;
  return absl::StrCat(std::abs(share) < kThousand
                          ? absl::StrFormat("%.3g", share)
                          : FormatRounded(share),
                      " ", name);
}

}  // namespace tritlab
