// Pictures by gnuplot, as SVG.
//
// The picture takes its colours from CSS variables (--ground, --ink, --muted,
// --grid, --series-1 to --series-9) with fallbacks for a white ground, so that
// one picture serves a light and a dark page. The same plot gives the same
// bytes.
#ifndef TRITLAB_REPORTS_PAGE_PLOT_H_
#define TRITLAB_REPORTS_PAGE_PLOT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace tritlab {

// The number of colours; series beyond it take them again.
inline constexpr int kSeriesColors = 9;

struct Series {
  std::string name;  // in the key; empty: not in the key
  std::vector<std::pair<double, double>> points;  // NaN leaves a gap
  int color = 0;                                  // 0, 1, ...
  bool dashed = false;
  bool line = true;     // joined by a line
  bool markers = true;  // a dot on each point
  bool steps = false;   // the line goes to the right, then up or down
  // One a point, or none: a bar from as much below the point to as much above;
  // along x where y has names. NaN: no bar.
  std::vector<double> spreads = {};
  // One a point, or none: text beside it.
  std::vector<std::string> labels = {};
};

struct Plot {
  std::string name;   // letters, digits and underscores; unique on its page
  std::string title;  // for readers who hear the page
  std::string x_label;
  std::string y_label;
  // When given, y = 0, 1, ... are named so, from the top downwards.
  std::vector<std::string> y_names;
  // Beginning and end of the x axis; where they are equal, as the data need.
  std::pair<double, double> x_range = {0, 0};
  bool whole_x = false;  // marks on the x axis at whole numbers only
  bool log_x = false;    // a logarithmic x axis; only points of x > 0 are drawn
  std::vector<Series> series;
};

// An <svg> element of this size in CSS pixels, to stand in an HTML page.
// NotFound when there is no gnuplot; InvalidArgument when there is no finite
// point; Internal, with gnuplot's own words, when it fails. One line each.
absl::StatusOr<std::string> DrawSvg(const Plot& plot, int width, int height);

// `svg` as a file of its own, readable on light and dark grounds.
std::string StandaloneSvg(const std::string& svg);

// The CSS declarations of the variables, for a light and for a dark ground.
extern const char kLightPlotColors[];
extern const char kDarkPlotColors[];

namespace internal {
// gnuplot's single-quoted text, which substitutes nothing. Control characters
// become spaces.
std::string QuoteForGnuplot(const std::string& text);
}  // namespace internal

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_PAGE_PLOT_H_
