// The pages as a browser draws them: blank or broken ones fail. Needs the
// machine's Chromium, which the set-up does not install; without one the tests
// are skipped.
//
// A page under test is a copy in which everything is unfolded and each table
// and picture stands between a magenta and a cyan line, so that the test finds
// them in the screenshot.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "datasets/dataset.h"
#include "datasets/jpeg.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/find_runs.h"
#include "reports/html.h"
#include "reports/made_up_report.h"
#include "reports/runs_page.h"

namespace tritlab {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// The name of a browser that starts; empty when there is none.
const std::string& Browser() {
  static const std::string* const browser = [] {
    for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
      if (std::system(absl::StrCat(name, " --version > ", testing::TempDir(),
                                   "/version 2>&1")
                          .c_str()) == 0)
        return new std::string(name);
    }
    return new std::string;
  }();
  return *browser;
}

#define SKIP_WITHOUT_BROWSER()                                        \
  if (Browser().empty())                                              \
  GTEST_SKIP() << "no Chromium on this machine; install it (Debian: " \
                  "chromium) to have pages checked as they are drawn"

enum class Scheme { kLight, kDark };

struct Picture {
  int height = 0, width = 0;
  std::vector<uint8_t> pixels;  // [height][width][3]

  const uint8_t* at(int y, int x) const {
    return &pixels[(static_cast<size_t>(y) * width + x) * 3];
  }
};

// Of windows: more than the pages here are high.
constexpr int kRunHeight = 16000;
constexpr int kSweepHeight = 8000;
constexpr int kWidth = 1100;

Picture Screenshot(const std::string& html, int height, Scheme scheme) {
  const std::string folder = testing::TempDir();
  const std::string page = JoinPath(folder, "page.html");
  const std::string picture = JoinPath(folder, "page.jpeg");
  const std::string log = JoinPath(folder, "log");
  std::remove(picture.c_str());
  EXPECT_TRUE(WriteFileAtomically(page, html).ok());
  const int status = std::system(
      absl::StrCat("'", Browser(), "' --headless --no-sandbox --disable-gpu ",
                   "--disable-dev-shm-usage --no-first-run --hide-scrollbars ",
                   "--force-device-scale-factor=1 --user-data-dir='", folder,
                   "/browser' --window-size=", kWidth, ",", height,
                   " --blink-settings=preferredColorScheme=",
                   scheme == Scheme::kDark ? 0 : 1, " --screenshot='", picture,
                   "' 'file://", page, "' > '", log, "' 2>&1")
          .c_str());
  const auto bytes = ReadFile(picture);
  Picture read;
  if (!bytes.ok()) {
    ADD_FAILURE() << Browser() << " made no screenshot, status " << status
                  << ": " << ReadFile(log).value_or("");
    return read;
  }
  const auto shape = JpegShape(*bytes, picture);
  EXPECT_TRUE(shape.ok()) << shape.status();
  if (!shape.ok()) return read;
  read.height = shape->height;
  read.width = shape->width;
  read.pixels.resize(shape->size());
  EXPECT_EQ(DecodeJpeg(*bytes, picture, *shape, read.pixels.data()),
            absl::OkStatus());
  return read;
}

// The copy of a page that is photographed.
std::string Marked(const std::string& html, absl::string_view style = "") {
  return absl::StrReplaceAll(
      html,
      {{"<details>", "<details open>"},
       {"</head>",
        absl::StrCat("<style>.picture,.scroll{border:0 solid;border-width:8px "
                     "0;border-color:#f0f transparent #0ff;border-radius:0;"
                     "max-height:none;overflow:hidden}",
                     style, "</style></head>")}});
}

bool IsNear(const uint8_t* pixel, int red, int green, int blue) {
  return std::abs(pixel[0] - red) < 60 && std::abs(pixel[1] - green) < 60 &&
         std::abs(pixel[2] - blue) < 60;
}

// Whether most of a row has this colour.
bool IsLine(const Picture& picture, int y, int red, int green, int blue) {
  int count = 0;
  for (int x = 0; x < picture.width; ++x)
    count += IsNear(picture.at(y, x), red, green, blue);
  return 2 * count > picture.width;
}

struct Block {
  double ink = 0;     // the share of pixels that stand out from the ground
  double colour = 0;  // the share of pixels that are not grey
};

// Rows `begin` to `end` of the picture. The ground is the commonest colour.
Block Measure(const Picture& picture, int begin, int end) {
  const auto coarse = [](const uint8_t* pixel) {
    return (pixel[0] >> 4) << 8 | (pixel[1] >> 4) << 4 | pixel[2] >> 4;
  };
  std::vector<int> counts(1 << 12, 0);
  const size_t pixels =
      static_cast<size_t>(std::max(0, end - begin)) * picture.width;
  if (pixels == 0) return {};
  const uint8_t* const first = picture.at(begin, 0);
  for (size_t i = 0; i < pixels; ++i) ++counts[coarse(first + 3 * i)];
  const int ground = static_cast<int>(
      std::max_element(counts.begin(), counts.end()) - counts.begin());
  size_t ink = 0, colours = 0;
  for (size_t i = 0; i < pixels; ++i) {
    const uint8_t* pixel = first + 3 * i;
    int difference = 0;
    for (int channel = 0; channel < 3; ++channel) {
      const int of_ground = (ground >> (8 - 4 * channel) & 15) * 16 + 8;
      difference = std::max(difference, std::abs(pixel[channel] - of_ground));
    }
    ink += difference > 80;
    const auto [low, high] = std::minmax({pixel[0], pixel[1], pixel[2]});
    colours += high - low > 60;
  }
  return {1.0 * ink / pixels, 1.0 * colours / pixels};
}

// What is wrong with a page: one line each.
std::vector<std::string> Faults(const std::string& html, int height,
                                Scheme scheme) {
  const Picture picture = Screenshot(html, height, scheme);
  std::vector<std::string> faults;
  if (picture.width != kWidth || picture.height != height) {
    return {absl::StrCat("the screenshot is ", picture.width, "x",
                         picture.height, " pixels")};
  }
  // The tables (false) and pictures (true) that a wide window shows.
  const std::string hidden = "<div class=\"picture narrow";
  std::vector<bool> expected;
  for (size_t at = html.find("<div class=\""); at != std::string::npos;
       at = html.find("<div class=\"", at + 1)) {
    const absl::string_view rest = absl::string_view(html).substr(at);
    if (absl::StartsWith(rest, hidden)) continue;
    expected.push_back(absl::StartsWith(rest, "<div class=\"picture"));
  }
  std::vector<Block> blocks;
  int begin = -1;
  for (int y = 0; y < picture.height; ++y) {
    if (IsLine(picture, y, 255, 0, 255)) begin = y + 1;
    if (begin < 0 || !IsLine(picture, y, 0, 255, 255)) continue;
    // Without what compression has smeared from the lines.
    blocks.push_back(Measure(picture, begin + 8, y - 8));
    begin = -1;
  }
  if (blocks.size() != expected.size()) {
    faults.push_back(absl::StrCat(
        "of ", expected.size(), " tables and pictures ", blocks.size(),
        " are there (or the page is higher than ", height, ")"));
  }
  for (size_t i = 0; i < std::min(blocks.size(), expected.size()); ++i) {
    // Axes, text and lines are thin.
    if (blocks[i].ink < 0.003 || (expected[i] && blocks[i].colour < 0.0005)) {
      faults.push_back(absl::StrCat(expected[i] ? "picture " : "table ", i,
                                    " is blank: ink ", blocks[i].ink,
                                    ", colour ", blocks[i].colour));
    }
  }
  if (Measure(picture, 0, picture.height / 8).ink < 0.003)
    faults.push_back("the page's beginning is nearly of one colour");
  const uint8_t* ground = picture.at(2, 2);
  if ((ground[1] < 128) != (scheme == Scheme::kDark))
    faults.push_back("the ground is of the other colour scheme");
  return faults;
}

std::string RunPage() { return ReportToHtml(MadeUpReport(5, 3)); }

const std::string& SweepPage() {
  static const std::string* const page = [] {
    FoundRuns found;
    for (const char* t : {"0.02", "0.05", "0.2"}) {
      FoundRun run;
      run.folder = run.point = absl::StrCat("points/t=", t);
      run.in_sweep = true;
      run.sweep = ".";
      run.axes = {{"t", t}};
      run.report = MadeUpReport(5, 3);
      run.report.mutable_results(1)->set_top1(80 + found.runs.size());
      run.report.mutable_results(1)->set_weight_bytes(5000 *
                                                      (1 + found.runs.size()));
      found.runs.push_back(run);
    }
    return new std::string(PageToHtml(RunsPage("sweep", found)));
  }();
  return *page;
}

TEST(PageScreenshot, OneRun) {
  SKIP_WITHOUT_BROWSER();
  EXPECT_THAT(Faults(Marked(RunPage()), kRunHeight, Scheme::kLight), IsEmpty());
}

TEST(PageScreenshot, ManyRunsDark) {
  SKIP_WITHOUT_BROWSER();
  EXPECT_THAT(Faults(Marked(SweepPage()), kSweepHeight, Scheme::kDark),
              IsEmpty());
}

// Protects: that these tests can fail.
TEST(PageScreenshot, BlankTablesAndPicturesAreFaults) {
  SKIP_WITHOUT_BROWSER();
  EXPECT_THAT(
      Faults(Marked(SweepPage(), "svg *,table *{visibility:hidden}"),
             kSweepHeight, Scheme::kLight),
      testing::AllOf(SizeIs(testing::Gt(5)), Each(HasSubstr("is blank"))));
  EXPECT_THAT(Faults("<!DOCTYPE html>", 1000, Scheme::kLight),
              testing::Contains(HasSubstr("nearly of one colour")));
}

}  // namespace
}  // namespace tritlab
