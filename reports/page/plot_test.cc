#include "reports/page/plot.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Plot TwoLines() {
  Plot plot;
  plot.name = "lines";
  plot.title = "Two lines";
  plot.x_label = "epoch";
  plot.y_label = "top-1, %";
  plot.whole_x = true;
  plot.series = {{"full_precision", {{1, 40}, {2, 60}, {3, 70}}, 0},
                 {"ttq", {{1, 50}, {2, kNaN}, {3, 65}}, 1, true}};
  return plot;
}

bool HasGnuplot() {
  return DrawSvg(TwoLines(), 300, 200).status().code() !=
         absl::StatusCode::kNotFound;
}

#define SKIP_WITHOUT_GNUPLOT() \
  if (!HasGnuplot()) GTEST_SKIP() << "gnuplot is not installed"

// Protects: the same report gives the same page.
TEST(DrawSvg, IsDeterministic) {
  SKIP_WITHOUT_GNUPLOT();
  const auto one = DrawSvg(TwoLines(), 300, 200);
  const auto two = DrawSvg(TwoLines(), 300, 200);
  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ(*one, *two);
}

// Protects: an element for a page: no prologue, no script, both grounds'
// colours, a title to be read aloud, well-formed as far as tags go.
TEST(DrawSvg, IsAnElementColouredByCss) {
  SKIP_WITHOUT_GNUPLOT();
  const auto svg = DrawSvg(TwoLines(), 300, 200);
  ASSERT_TRUE(svg.ok()) << svg.status();
  EXPECT_EQ(svg->find("<svg xmlns="), 0u);
  EXPECT_NE(svg->find("viewBox=\"0 0 300 200\""), std::string::npos);
  EXPECT_NE(svg->find("aria-label=\"Two lines\""), std::string::npos);
  EXPECT_NE(svg->find("var(--series-1,"), std::string::npos);
  EXPECT_NE(svg->find("var(--series-2,"), std::string::npos);
  EXPECT_NE(svg->find("var(--muted,"), std::string::npos);
  for (const char* absent : {"<?xml", "<!DOCTYPE", "<script", "xlink",
                             "rgb(241", "GNUPLOT", "<title"}) {
    EXPECT_EQ(svg->find(absent), std::string::npos) << absent;
  }
  const size_t end = svg->rfind("</svg>");
  ASSERT_NE(end, std::string::npos);
}

// Protects: several pictures on one page: ids begin with the plot's name, and
// every reference is to an id that is there.
TEST(DrawSvg, IdsAreItsOwn) {
  SKIP_WITHOUT_GNUPLOT();
  const auto svg = DrawSvg(TwoLines(), 300, 200);
  ASSERT_TRUE(svg.ok()) << svg.status();
  std::set<std::string> ids;
  const auto for_each = [&](const std::string& attribute, auto use) {
    for (const char* quote : {"'", "\""}) {
      const std::string opening = attribute + "=" + quote;
      for (size_t at = svg->find(opening); at != std::string::npos;
           at = svg->find(opening, at + 1)) {
        const size_t begin = at + opening.size();
        use(svg->substr(begin, svg->find(quote, begin) - begin));
      }
    }
  };
  for_each(" id", [&](const std::string& id) {
    EXPECT_EQ(id.find("lines"), 0u) << id;
    EXPECT_TRUE(ids.insert(id).second) << id << " twice";
  });
  int uses = 0;
  for_each(" href", [&](const std::string& target) {
    ++uses;
    EXPECT_EQ(ids.count(target.substr(1)), 1u) << target;
  });
  EXPECT_GT(uses, 5);
}

// Protects: a name from a spec is text in the picture and nothing else: no
// command of gnuplot or of a shell, no markup.
TEST(DrawSvg, NamesAreOnlyText) {
  SKIP_WITHOUT_GNUPLOT();
  const std::string trace = JoinPath(testing::TempDir(), "plot_injected");
  Plot plot = TwoLines();
  plot.series[0].name = absl::StrCat("a'\nsystem('touch ", trace, "')\n#");
  plot.series[1].name =
      absl::StrCat("`touch ", trace, "` <b>&amp; \\n $(x) @y");
  plot.x_label = absl::StrCat("\"; !touch ", trace, "\\");
  plot.y_names = {"'", absl::StrCat("`touch ", trace, "`"), "<i>", "{/=40 x}"};
  plot.title = "<\"&'>";
  const auto svg = DrawSvg(plot, 400, 300);
  ASSERT_TRUE(svg.ok()) << svg.status();
  EXPECT_FALSE(FileExists(trace));
  EXPECT_EQ(svg->find("<b>"), std::string::npos);
  EXPECT_EQ(svg->find("<i>"), std::string::npos);
  EXPECT_NE(svg->find("&lt;b>&amp;amp; \\n $(x) @y"), std::string::npos);
  EXPECT_NE(svg->find("{/=40 x}"), std::string::npos);
  EXPECT_NE(svg->find("aria-label=\"&lt;&quot;&amp;&#39;&gt;\""),
            std::string::npos);
}

TEST(QuoteForGnuplot, EndsOnlyWhereItShould) {
  EXPECT_EQ(internal::QuoteForGnuplot("it's"), "'it''s'");
  EXPECT_EQ(internal::QuoteForGnuplot("a\nb\\"), "'a b\\'");
}

TEST(DrawSvg, NothingFiniteIsNoPicture) {
  Plot plot = TwoLines();
  plot.series = {{"a", {}}, {"b", {{1, kNaN}, {kNaN, 1}, {INFINITY, 2}}}};
  EXPECT_EQ(DrawSvg(plot, 300, 200).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Protects: extents that gnuplot would stumble over.
TEST(DrawSvg, SinglePointsAndFlatLines) {
  SKIP_WITHOUT_GNUPLOT();
  Plot plot = TwoLines();
  plot.series = {{"", {{1, 50}}}, {"empty", {}}};
  EXPECT_TRUE(DrawSvg(plot, 300, 200).ok());
  plot.series = {{"", {{0, 50}, {100000, 50}}}};
  EXPECT_TRUE(DrawSvg(plot, 300, 200).ok());
  plot.whole_x = false;
  plot.series = {{"", {{5, 0}}}};
  EXPECT_TRUE(DrawSvg(plot, 300, 200).ok());
}

// Protects: points that stand at one x, however large or small, get an axis of
// their own, with a few marks on it.
TEST(DrawSvg, EqualPlacesHaveAFewMarks) {
  SKIP_WITHOUT_GNUPLOT();
  Plot plot = TwoLines();
  for (const bool whole : {false, true}) {
    plot.whole_x = whole;
    for (const double x :
         {0.0, 1e-12, 0.05, 1.0, 169070.0, 1e9, 1e15, -1e9, 1e20}) {
      // The last one differs from the others by less than what is written.
      plot.series = {{"a", {{x, 50}, {x, 60}, {std::nextafter(x, 2 * x), 70}}}};
      const auto svg = DrawSvg(plot, 300, 200);
      ASSERT_TRUE(svg.ok()) << x << ": " << svg.status();
      EXPECT_LT(svg->size(), 20000u) << x;
    }
  }
}

// Protects: bars of spread, numbered points and steps on a logarithmic axis;
// what such an axis cannot show is left out, with its label.
TEST(DrawSvg, SpreadsLabelsAndALogarithmicAxis) {
  SKIP_WITHOUT_GNUPLOT();
  Plot plot = TwoLines();
  plot.whole_x = false;
  plot.log_x = true;
  plot.series.resize(1);
  Series& series = plot.series[0];
  series.points = {{57964, 86}, {169070, 86.5}, {0, 50}};
  const auto plain = DrawSvg(plot, 300, 200);
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_NE(plain->find(">50 k<"), std::string::npos) << *plain;
  EXPECT_NE(plain->find(">100 k<"), std::string::npos);
  EXPECT_EQ(plain->find(">20 k<"), std::string::npos);
  series.spreads = {0.25, kNaN, 1};
  series.labels = {"first", "it's", "nowhere"};
  series.steps = true;
  const auto svg = DrawSvg(plot, 300, 200);
  ASSERT_TRUE(svg.ok()) << svg.status();
  EXPECT_NE(*svg, *plain);
  EXPECT_NE(svg->find("first"), std::string::npos);
  EXPECT_NE(svg->find("it's"), std::string::npos);
  EXPECT_EQ(svg->find("nowhere"), std::string::npos);
  for (Series& all : plot.series) all.points = {{0, 50}, {-1, 20}};
  EXPECT_EQ(DrawSvg(plot, 300, 200).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Protects: the spread of rows with names goes along the row.
// Protects: on a phone, names on and below the x axis neither run into each
// other nor out of the picture.
TEST(DrawSvg, NarrowPicturesHaveRoomForTheirNames) {
  SKIP_WITHOUT_GNUPLOT();
  Plot plot;
  plot.name = "narrow";
  plot.x_label = "weight and activation not 0, % of multiply-adds";
  plot.y_names = {"stage1/block1/conv1"};
  plot.x_range = {1574000, 1606000};
  plot.series = {{"", {{1590000, 0}}}};
  const auto narrow = DrawSvg(plot, 328, 200);
  ASSERT_TRUE(narrow.ok()) << narrow.status();
  EXPECT_EQ(narrow->find("e+06"), std::string::npos);
  EXPECT_NE(narrow->find("1.58 M"), std::string::npos) << *narrow;
  // The place of the label's middle: before its end leaves the picture.
  const size_t label = narrow->find(plot.x_label);
  ASSERT_NE(label, std::string::npos);
  const size_t place = narrow->rfind("translate(", label);
  ASSERT_NE(place, std::string::npos);
  const double middle = std::strtod(narrow->c_str() + place + 10, nullptr);
  EXPECT_LE(middle + 6.5 * plot.x_label.size() / 2, 328);
  EXPECT_GE(middle - 6.5 * plot.x_label.size() / 2, 0);
}

TEST(DrawSvg, SpreadsOfNamedRows) {
  SKIP_WITHOUT_GNUPLOT();
  Plot plot = TwoLines();
  plot.whole_x = false;
  plot.y_names = {"one", "top 5%s 50 % x"};
  plot.series.resize(1);
  plot.series[0].points = {{80, 0}, {90, 1}};
  plot.series[0].spreads = {1, 2};
  const auto svg = DrawSvg(plot, 300, 200);
  ASSERT_TRUE(svg.ok()) << svg.status();
  EXPECT_NE(svg->find("top 5%s 50 % x"), std::string::npos);
}

TEST(StandaloneSvg, HasItsColoursForBothGrounds) {
  const std::string file = StandaloneSvg("<svg a=\"b\"><g/></svg>");
  EXPECT_EQ(file.find("<?xml"), 0u);
  EXPECT_NE(file.find("prefers-color-scheme:dark"), std::string::npos);
  EXPECT_NE(file.find("/><g/></svg>"), std::string::npos);
}

// Protects: reports on machines without gnuplot. Last, for it changes PATH.
TEST(DrawSvgWithoutGnuplot, IsNotFoundInOneLine) {
  const char* path = std::getenv("PATH");
  const std::string before = path == nullptr ? "" : path;
  setenv("PATH", testing::TempDir().c_str(), 1);
  const auto svg = DrawSvg(TwoLines(), 300, 200);
  setenv("PATH", before.c_str(), 1);
  EXPECT_EQ(svg.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(svg.status().message(),
            "gnuplot is not installed; install it (Debian: gnuplot-nox) and "
            "run //reports:render");
}

}  // namespace
}  // namespace tritlab
