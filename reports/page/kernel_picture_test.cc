#include "reports/page/kernel_picture.h"

#include <cstddef>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

KernelPicture Picture(int filters, int inputs, int height, int width,
                      const std::string& signs) {
  KernelPicture picture;
  picture.set_filters(filters);
  picture.set_inputs(inputs);
  picture.set_kernel_height(height);
  picture.set_kernel_width(width);
  picture.set_signs(signs);
  return picture;
}

std::string Draw(const KernelPicture& picture) {
  const auto svg = DrawKernels(picture, "kernels", "Kernels of conv1");
  EXPECT_TRUE(svg.ok()) << svg.status();
  return svg.ok() ? *svg : "";
}

// Protects: each weight at its place: filters are rows, inputs columns, with a
// gap between kernels; runs are one line, which does not leave its kernel.
TEST(DrawKernels, EveryWeightIsWhereItBelongs) {
  const std::string svg = Draw(Picture(2, 2, 2, 2,
                                       "++-0"
                                       "+++0"
                                       "0000"
                                       "--+-"));
  EXPECT_TRUE(absl::StrContains(svg, "viewBox=\"0 0 5 5\"")) << svg;
  EXPECT_TRUE(absl::StrContains(
      svg,
      "<path stroke=\"var(--grid,#e3e5e8)\" d=\"M1 1h1M4 1h1M0 3h2M0 4h2\"/>"))
      << svg;
  EXPECT_TRUE(absl::StrContains(svg,
                                "<path stroke=\"var(--series-1,#1f6fc2)\" "
                                "d=\"M0 0h2M3 0h2M3 1h1M3 4h1\"/>"))
      << svg;
  EXPECT_TRUE(absl::StrContains(svg,
                                "<path stroke=\"var(--series-2,#c2500c)\" "
                                "d=\"M0 1h1M3 3h2M4 4h1\"/>"))
      << svg;
}

// Protects: the same bytes again; and a reader who hears the page learns what
// is shown.
TEST(DrawKernels, IsDeterministicAndDescribed) {
  const KernelPicture picture = Picture(1, 1, 1, 4, "+-00");
  const std::string svg = Draw(picture);
  EXPECT_EQ(svg, Draw(picture));
  EXPECT_TRUE(absl::StrContains(svg,
                                "role=\"img\" aria-labelledby=\""
                                "kernels_title kernels_desc\""));
  EXPECT_TRUE(absl::StrContains(
      svg, "<title id=\"kernels_title\">Kernels of conv1</title>"));
  EXPECT_TRUE(absl::StrContains(
      svg,
      "1 filters (rows) by 1 input channels (columns), kernels of 1x4 "
      "weights: 25.0 % positive, 25.0 % negative, 50.0 % zero"))
      << svg;
}

TEST(DrawKernels, TitlesAreText) {
  const auto svg =
      DrawKernels(Picture(1, 1, 1, 1, "+"), "k", "<script>\"'&</script>");
  ASSERT_TRUE(svg.ok());
  EXPECT_TRUE(
      absl::StrContains(*svg, "&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;"));
}

// Protects: the page stays small: what a report shows of a layer is 2304
// weights.
TEST(DrawKernels, TakesFewBytes) {
  std::string signs;
  for (int i = 0; i < 16 * 16 * 9; ++i) signs += "+0-"[i * i / 3 % 3];
  const std::string svg = Draw(Picture(16, 16, 3, 3, signs));
  EXPECT_LT(svg.size(), 20'000u);
  EXPECT_TRUE(absl::StrContains(svg, "viewBox=\"0 0 63 63\""));
  EXPECT_TRUE(absl::StrContains(svg, "width=\"504\" height=\"504\""));
}

// Protects: a damaged report.json makes an error, not a read past the end.
TEST(DrawKernels, RefusesWhatDoesNotFit) {
  for (const KernelPicture& picture :
       {KernelPicture(), Picture(1, 1, 3, 3, "+0-"), Picture(1, 1, 1, 1, "x"),
        Picture(1, 1, 1, 1, "++"),
        Picture(0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff, "+")}) {
    EXPECT_EQ(DrawKernels(picture, "k", "t").status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace tritlab
