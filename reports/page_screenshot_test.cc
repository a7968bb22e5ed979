// The pages as a browser draws them: blank or broken ones fail. Without one the
// tests are skipped, unless TRITLAB_BROWSER names it, as .ci/run does.
//
// A page under test is a copy in which everything is unfolded and each table
// and picture stands between a magenta and a cyan line, so that the test finds
// them in the screenshot.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/browser.h"
#include "reports/made_up_report.h"
#include "reports/page/html.h"
#include "reports/page/page.h"
#include "reports/page/table.h"
#include "reports/run/report_page.h"
#include "reports/runs/find_runs.h"
#include "reports/runs/runs_page.h"

namespace tritlab {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Null where the machine has none and none is asked for.
const Browser* TestBrowser() {
  static const Browser* const browser = []() -> const Browser* {
    const char* required = std::getenv("TRITLAB_BROWSER");
    auto found =
        Browser::Find(required == nullptr ? "" : required, testing::TempDir());
    if (found.ok()) return new Browser(*std::move(found));
    EXPECT_TRUE(absl::IsNotFound(found.status())) << found.status();
    return nullptr;
  }();
  return browser;
}

#define SKIP_WITHOUT_BROWSER()                                       \
  if (TestBrowser() == nullptr) {                                    \
    if (std::getenv("TRITLAB_BROWSER") != nullptr)                   \
      FAIL() << "no page is drawn";                                  \
    GTEST_SKIP() << "no Chromium; tools/setup browser installs one"; \
  }

// Of screens, in pixels: a window and a phone.
constexpr int kWide = 1100;
constexpr int kNarrow = 360;

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

// How a page is laid out, in pixels, and how many of the pictures for wide and
// for narrow screens show.
struct Layout {
  int width = 0, height = 0, wide = 0, narrow = 0;
};

Layout LayoutOf(const std::string& html, int width) {
  const auto text = TestBrowser()->Evaluate(html, width, R"js((() => {
    const shown = name => [...page.querySelectorAll(name)]
        .filter(each => each.getClientRects().length > 0).length;
    const root = page.documentElement;
    return [root.scrollWidth, root.scrollHeight, shown(".picture.wide"),
            shown(".picture.narrow")].join(" ");
  })())js");
  Layout layout;
  std::istringstream(text.value_or("")) >> layout.width >> layout.height >>
      layout.wide >> layout.narrow;
  EXPECT_GT(layout.height, 0) << text.status() << text.value_or("");
  return layout;
}

// What is wrong with a page: one line each.
std::vector<std::string> Faults(const std::string& html, int width,
                                ColorScheme scheme) {
  const bool is_narrow = width < 640;
  const Layout layout = LayoutOf(html, width);
  std::vector<std::string> faults;
  if (layout.width > width) {
    faults.push_back(absl::StrCat("the page is ", layout.width,
                                  " pixels wide, the screen ", width));
  }
  const int shown = is_narrow ? layout.narrow : layout.wide;
  const int others = is_narrow ? layout.wide : layout.narrow;
  if (others > 0) {
    faults.push_back(absl::StrCat(others, " pictures for other screens, ",
                                  shown, " for this one"));
  }
  const char* outputs = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const auto drawn = TestBrowser()->Screenshot(
      html, width, layout.height, scheme,
      JoinPath(outputs == nullptr ? testing::TempDir() : outputs,
               absl::StrReplaceAll(absl::StrCat(test->name(), ".jpeg"),
                                   {{"/", "_"}})));
  if (!drawn.ok()) return {std::string(drawn.status().message())};
  const Picture& picture = *drawn;
  // The tables (false) and pictures (true) that the screen shows.
  const std::string hidden =
      absl::StrCat("<div class=\"picture ", is_narrow ? "wide" : "narrow");
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
    faults.push_back(absl::StrCat("of ", expected.size(),
                                  " tables and pictures ", blocks.size(),
                                  " are there"));
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
  if ((ground[1] < 128) != (scheme == ColorScheme::kDark))
    faults.push_back("the ground is of the other colour scheme");
  return faults;
}

// Of few layers: at 360 pixels a longer page is more than a JPEG may be high.
std::string RunPage() { return PageToHtml(ReportPage(MadeUpReport(2, 3))); }

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

// Protects: that CI notices when no page is drawn.
TEST(PageScreenshot, ABrowserThatIsAskedForAndDoesNotWorkIsAnError) {
  for (const char* program : {"/bin/true", "/bin/false", "/nowhere/chromium"}) {
    const auto found = Browser::Find(program, testing::TempDir());
    EXPECT_TRUE(absl::IsFailedPrecondition(found.status())) << program;
    EXPECT_THAT(found.status().message(), HasSubstr(program));
  }
}

class DrawnPage : public testing::TestWithParam<std::tuple<int, ColorScheme>> {
};

INSTANTIATE_TEST_SUITE_P(
    Screens, DrawnPage,
    testing::Combine(testing::Values(kWide, kNarrow),
                     testing::Values(ColorScheme::kLight, ColorScheme::kDark)),
    [](const auto& screen) {
      return absl::StrCat(
          std::get<0>(screen.param),
          std::get<1>(screen.param) == ColorScheme::kDark ? "Dark" : "Light");
    });

TEST_P(DrawnPage, OfOneRun) {
  SKIP_WITHOUT_BROWSER();
  const auto& [width, scheme] = GetParam();
  EXPECT_THAT(Faults(Marked(RunPage()), width, scheme), IsEmpty());
}

TEST_P(DrawnPage, OfManyRuns) {
  SKIP_WITHOUT_BROWSER();
  const auto& [width, scheme] = GetParam();
  EXPECT_THAT(Faults(Marked(SweepPage()), width, scheme), IsEmpty());
}

// Protects: that these tests can fail.
TEST(PageScreenshot, BlankTablesAndPicturesAreFaults) {
  SKIP_WITHOUT_BROWSER();
  EXPECT_THAT(
      Faults(Marked(SweepPage(), "svg *,table *{visibility:hidden}"), kWide,
             ColorScheme::kLight),
      testing::AllOf(SizeIs(testing::Gt(5)), Each(HasSubstr("is blank"))));
  EXPECT_THAT(Faults("<!DOCTYPE html>", kWide, ColorScheme::kLight),
              Contains(HasSubstr("nearly of one colour")));
}

TEST(PageScreenshot, PagesForOtherScreensAreFaults) {
  SKIP_WITHOUT_BROWSER();
  EXPECT_THAT(
      Faults(Marked(SweepPage(),
                    ".wide{display:block!important}"
                    "main{width:400px}"),
             kNarrow, ColorScheme::kLight),
      testing::AllOf(Contains(HasSubstr("pictures for other screens")),
                     Contains(HasSubstr("pixels wide, the screen 360"))));
}

// Protects: the script that sorts tables, and that the page's own policy lets
// it run. Names go from a to z with numbers in them as numbers, numbers from
// the largest; what is none stays at the end.
TEST(PageScreenshot, ClicksOnATitleSortTheTable) {
  SKIP_WITHOUT_BROWSER();
  Page page;
  page.title = "sorted";
  page.elements.push_back(
      PageTable{.table = {.caption = "Rows.",
                          .columns = {{"run", false}, {"value", true}},
                          .rows = {{"run 2", "9,000"},
                                   {"run 10", "-"},
                                   {"Run 1", "20.5 million"},
                                   {"other", "1.5 billion"},
                                   {"<b>&", "-3"},
                                   {"run 30", "30,748 trillion"}}},
                .name = "table",
                .sortable = true});
  const auto rows =
      TestBrowser()->Evaluate(PageToHtml(page), kWide, R"js((() => {
    const [table] = page.querySelectorAll("table.sortable");
    const titles = [...table.tHead.rows[0].cells];
    const state = () => [titles.map(title => title.getAttribute("aria-sort")),
        ...[...table.tBodies[0].rows].map(row => row.cells[0].textContent)]
        .join(";");
    return [state(), ...[0, 0, 1, 1].map(column => {
      titles[column].querySelector("button").click();
      return state();
    })].join("\n");
  })())js");
  EXPECT_EQ(rows.value_or(std::string(rows.status().message())),
            ",;run 2;run 10;Run 1;other;<b>&;run 30\n"
            "ascending,;<b>&;other;Run 1;run 2;run 10;run 30\n"
            "descending,;run 30;run 10;run 2;Run 1;other;<b>&\n"
            ",descending;run 30;other;Run 1;run 2;<b>&;run 10\n"
            ",ascending;<b>&;run 2;Run 1;other;run 30;run 10");
}

}  // namespace
}  // namespace tritlab
