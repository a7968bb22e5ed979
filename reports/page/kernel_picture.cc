#include "reports/page/kernel_picture.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "reports/page/escape_html.h"

namespace tritlab {
namespace {

// Drawn in units of one weight; between kernels one is left free.
constexpr int64_t kGap = 1;
// The side of a weight in CSS pixels, and the widest picture.
constexpr int64_t kWeightSide = 8;
constexpr int64_t kWidest = 640;
// Larger pictures do not come from here.
constexpr int64_t kMostWeights = 1 << 20;

// The runs of one sign as lines one unit thick: a rectangle a weight would take
// ten times the bytes.
std::string RunsOf(char sign, const KernelPicture& picture) {
  const int64_t height = picture.kernel_height();
  const int64_t width = picture.kernel_width();
  std::string path;
  size_t at = 0;
  for (int64_t filter = 0; filter < picture.filters(); ++filter) {
    for (int64_t input = 0; input < picture.inputs(); ++input) {
      for (int64_t y = 0; y < height; ++y) {
        for (int64_t x = 0; x < width;) {
          int64_t run = 0;
          while (x + run < width && picture.signs()[at + x + run] == sign)
            ++run;
          if (run > 0) {
            absl::StrAppend(&path, "M", input * (width + kGap) + x, " ",
                            filter * (height + kGap) + y, "h", run);
          }
          x += std::max<int64_t>(run, 1);
        }
        at += width;
      }
    }
  }
  return path;
}

}  // namespace

absl::StatusOr<std::string> DrawKernels(const KernelPicture& picture,
                                        absl::string_view name,
                                        absl::string_view title) {
  const std::string& signs = picture.signs();
  const double weights = 1.0 * picture.filters() * picture.inputs() *
                         picture.kernel_height() * picture.kernel_width();
  if (weights < 1 || weights > kMostWeights ||
      weights != static_cast<double>(signs.size())) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a picture of %g weights has %d signs; there must be "
                        "as many, and at most %d",
                        weights, signs.size(), kMostWeights));
  }
  if (const size_t other = signs.find_first_not_of("+0-");
      other != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "sign %d of a picture of kernels is none of +, 0 and -", other));
  }
  const int64_t width =
      picture.inputs() * (picture.kernel_width() + kGap) - kGap;
  const int64_t height =
      picture.filters() * (picture.kernel_height() + kGap) - kGap;
  const double scale =
      std::min<double>(kWeightSide, static_cast<double>(kWidest) / width);
  const auto share = [&](char sign) {
    return 100.0 * std::count(signs.begin(), signs.end(), sign) / weights;
  };
  std::string svg = absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
      "height=\"%.0f\" viewBox=\"0 0 %d %d\" role=\"img\" "
      "aria-labelledby=\"%s_title %s_desc\">\n<title id=\"%s_title\">%s"
      "</title>\n<desc id=\"%s_desc\">%d filters (rows) by %d input channels "
      "(columns), kernels of %dx%d weights: %.1f %% positive, %.1f %% "
      "negative, %.1f %% zero.</desc>\n"
      // Lines are drawn around their middle.
      "<g transform=\"translate(0 .5)\" shape-rendering=\"crispEdges\" "
      "fill=\"none\" stroke-width=\"1\">\n",
      width * scale, height * scale, width, height, name, name, name,
      EscapeHtml(title), name, picture.filters(), picture.inputs(),
      picture.kernel_height(), picture.kernel_width(), share('+'), share('-'),
      share('0'));
  struct Color {
    char sign;
    const char* value;
  };
  for (const Color& color : {Color{'0', "var(--grid,#e3e5e8)"},
                             Color{'+', "var(--series-1,#1f6fc2)"},
                             Color{'-', "var(--series-2,#c2500c)"}}) {
    const std::string path = RunsOf(color.sign, picture);
    if (path.empty()) continue;
    absl::StrAppend(&svg, "<path stroke=\"", color.value, "\" d=\"", path,
                    "\"/>\n");
  }
  return absl::StrCat(svg, "</g>\n</svg>\n");
}

}  // namespace tritlab
