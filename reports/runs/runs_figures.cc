#include "reports/runs/runs_figures.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reports/page/number_format.h"
#include "reports/page/page.h"
#include "reports/page/plot.h"
#include "reports/runs/pareto.h"

namespace tritlab {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr char kTop1[] = "top-1 accuracy, %";

std::string SettingOf(const std::vector<const RunResult*>& results) {
  int fewest = std::numeric_limits<int>::max(), most = 0;
  for (const RunResult* result : results) {
    fewest = std::min(fewest, result->seeds);
    most = std::max(most, result->seeds);
  }
  return absl::StrCat(
      NetworksAndData(results), "; ",
      most <= 1 ? "one seed each"
      : fewest == most
          ? absl::StrCat("means over ", most, " seeds")
          : absl::StrCat("means over ", fewest, " to ", most, " seeds"));
}

std::vector<CostAndValue> CostsAndValues(const Tradeoff& tradeoff) {
  std::vector<CostAndValue> values;
  for (const Tradeoff::Point& point : tradeoff.points)
    values.push_back({point.cost, point.result->top1});
  return values;
}

std::vector<const RunResult*> ResultsOf(const Tradeoff& tradeoff) {
  std::vector<const RunResult*> results;
  for (const Tradeoff::Point& point : tradeoff.points)
    results.push_back(point.result);
  return results;
}

void AddPoint(const RunResult& result, double x, double y, Series& series) {
  series.points.emplace_back(x, y);
  series.spreads.push_back(result.top1_deviation.value_or(kNaN));
}

// No bars at all where there is nothing to show.
void DropEmptySpreads(Plot& plot) {
  for (Series& series : plot.series) {
    if (std::none_of(series.spreads.begin(), series.spreads.end(),
                     [](double spread) { return spread > 0; })) {
      series.spreads.clear();
    }
  }
}

// What ends a caption.
std::string SpreadSentence(const Plot& plot) {
  return std::any_of(
             plot.series.begin(), plot.series.end(),
             [](const Series& series) { return !series.spreads.empty(); })
             ? ", bars of one sample standard deviation."
             : ".";
}

// The other axes' values: "partition random, bits 5"; the phase where there is
// no other axis.
std::string OthersOf(const RunResult& point, size_t axis) {
  std::vector<std::string> others;
  for (size_t i = 0; i < point.axes.size(); ++i) {
    if (i != axis)
      others.push_back(
          absl::StrCat(point.axes[i].axis, " ", point.axes[i].value));
  }
  return others.empty() ? point.phase : absl::StrJoin(others, ", ");
}

// The accuracy that all points start from, if it is one.
std::optional<double> CommonStart(const std::vector<const RunResult*>& points) {
  for (const RunResult* point : points) {
    if (!point->start_top1.has_value() ||
        std::abs(*point->start_top1 - *points[0]->start_top1) > 0.005)
      return std::nullopt;
  }
  return points[0]->start_top1;
}

}  // namespace

std::string NetworksAndData(const std::vector<const RunResult*>& results) {
  std::set<std::string> networks, data, types;
  for (const RunResult* result : results) {
    networks.insert(result->network);
    data.insert(result->dataset);
    if (!result->data_type.empty()) types.insert(result->data_type);
  }
  return absl::StrCat(absl::StrJoin(networks, ", "), " on ",
                      absl::StrJoin(data, ", "), types.empty() ? "" : ", ",
                      absl::StrJoin(types, " and "));
}

Tradeoff BytesTradeoff(const std::vector<const RunResult*>& results) {
  Tradeoff tradeoff;
  tradeoff.name = "bytes";
  tradeoff.cost = "bytes of weights";
  tradeoff.what =
      "Bytes are those of the weights of all convolutions and linear layers, "
      "packed where they are quantized.";
  for (const RunResult* result : results) {
    if (result->weight_bytes > 0)
      tradeoff.points.push_back({result, result->weight_bytes});
  }
  return tradeoff;
}

Tradeoff EnergyTradeoff(const std::vector<const RunResult*>& results,
                        const EnergyKey& key) {
  Tradeoff tradeoff;
  tradeoff.name = absl::StrCat("energy_", PageName(key.process), "_",
                               PageName(key.arithmetic));
  std::replace(tradeoff.name.begin(), tradeoff.name.end(), '-', '_');
  tradeoff.cost =
      absl::StrCat("\u00b5J an image, ", key.process, ", ", key.arithmetic);
  tradeoff.what = absl::StrCat(
      "Energy is that of one image's forward pass at ", key.process,
      ", in what layers without a method compute with (", key.arithmetic,
      "), memory included, zero weights skipped: by a model "
      "(reports/energy/energy.h), not measured.");
  for (const RunResult* result : results) {
    const auto at = result->energy_pj.find(key);
    if (at != result->energy_pj.end() && at->second > 0)
      tradeoff.points.push_back({result, 1e-6 * at->second});
  }
  return tradeoff;
}

Figure TradeoffFigure(const Tradeoff& tradeoff) {
  Figure figure;
  figure.plot.name = tradeoff.name;
  figure.plot.title = absl::StrCat("Top-1 accuracy against ", tradeoff.cost);
  figure.plot.x_label = tradeoff.cost;
  figure.plot.y_label = kTop1;
  figure.plot.log_x = true;
  if (tradeoff.points.empty()) return figure;

  const std::vector<CostAndValue> values = CostsAndValues(tradeoff);
  Series front;
  front.name = "Pareto front";
  front.color = kSeriesColors - 1;
  front.dashed = true;
  front.steps = true;
  front.markers = false;
  for (const size_t i : ParetoFront(values)) {
    front.points.emplace_back(values[i].cost, values[i].value);
    front.labels.push_back(absl::StrCat(front.points.size()));
  }
  figure.plot.series.push_back(std::move(front));
  std::map<std::string, size_t> methods;  // -> index among the series
  for (const auto& [result, cost] : tradeoff.points) {
    const auto [at, is_new] =
        methods.emplace(result->method, figure.plot.series.size());
    if (is_new) {
      Series series;
      series.name = result->method;
      series.color = static_cast<int>((at->second - 1) % (kSeriesColors - 1));
      series.line = false;
      figure.plot.series.push_back(std::move(series));
    }
    AddPoint(*result, cost, result->top1, figure.plot.series[at->second]);
  }
  DropEmptySpreads(figure.plot);
  figure.caption = absl::StrCat(
      "Top-1 accuracy on the test set against ", tradeoff.cost,
      ": a point for each phase of each run, coloured by what quantizes it. "
      "The dashed line is the Pareto front, what no other point beats in both; "
      "its points are numbered as in the table below. ",
      tradeoff.what, " ", SettingOf(ResultsOf(tradeoff)),
      SpreadSentence(figure.plot));
  return figure;
}

Table FrontTable(const Tradeoff& tradeoff) {
  Table table;
  table.columns = {{"no.", true},     {"run", false}, {"phase", false},
                   {"method", false}, {"top-1 %"},    {tradeoff.cost}};
  const std::vector<CostAndValue> values = CostsAndValues(tradeoff);
  for (const size_t i : ParetoFront(values)) {
    const RunResult& result = *tradeoff.points[i].result;
    table.rows.push_back(
        {absl::StrCat(table.rows.size() + 1), result.run, result.phase,
         result.method, FormatFixed(result.top1, 2),
         values[i].cost < 1000 ? FormatSignificant(values[i].cost)
                               : FormatRounded(values[i].cost)});
  }
  table.caption =
      absl::StrCat("The Pareto front of top-1 accuracy on the test set and ",
                   tradeoff.cost, ", of ", tradeoff.points.size(), " phases. ",
                   tradeoff.what, " ", SettingOf(ResultsOf(tradeoff)), ".");
  return table;
}

Figure AxisFigure(const std::vector<const RunResult*>& points, size_t axis) {
  Figure figure;
  if (points.empty() || axis >= points[0]->axes.size()) return figure;
  const std::string& name = points[0]->axes[axis].axis;
  figure.plot.name = absl::StrCat("axis_", axis);
  figure.plot.title = absl::StrCat("Top-1 accuracy by ", name);

  std::vector<std::string> values;  // as they come
  bool numbers = true, whole = true;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const RunResult* point : points) {
    const std::string& value = point->axes[axis].value;
    if (std::find(values.begin(), values.end(), value) != values.end())
      continue;
    values.push_back(value);
    double number;
    if (!absl::SimpleAtod(value, &number) || !std::isfinite(number)) {
      numbers = false;
      continue;
    }
    whole = whole && number == std::floor(number);
    low = std::min(low, number);
    high = std::max(high, number);
  }
  if (values.size() < 2) return figure;
  if (numbers) {
    figure.plot.x_label = name;
    figure.plot.y_label = kTop1;
    figure.plot.whole_x = whole;
    figure.plot.log_x = !whole && low > 0 && high > 10 * low;
  } else {
    figure.plot.x_label = kTop1;
    figure.plot.y_label = name;
    figure.plot.y_names = values;
  }

  // Along the axis: a number, or the row of its name.
  const auto place = [&](const RunResult* point) {
    const std::string& value = point->axes[axis].value;
    double number = 0;
    if (numbers && absl::SimpleAtod(value, &number)) return number;
    return static_cast<double>(std::find(values.begin(), values.end(), value) -
                               values.begin());
  };
  std::map<std::string, size_t> lines;  // -> index among the series
  for (const RunResult* point : points) {
    const auto [at, is_new] =
        lines.emplace(OthersOf(*point, axis), figure.plot.series.size());
    if (is_new) {
      Series series;
      series.name = at->first;
      series.color = static_cast<int>(at->second);
      series.line = numbers;
      figure.plot.series.push_back(std::move(series));
    }
  }
  // A line goes from left to right, whatever order the folders' names have.
  std::vector<const RunResult*> along = points;
  std::stable_sort(along.begin(), along.end(),
                   [&](const RunResult* a, const RunResult* b) {
                     return place(a) < place(b);
                   });
  for (const RunResult* point : along) {
    Series& series = figure.plot.series[lines.at(OthersOf(*point, axis))];
    if (numbers) {
      AddPoint(*point, place(point), point->top1, series);
    } else {
      AddPoint(*point, point->top1, place(point), series);
    }
  }
  const std::optional<double> start = CommonStart(points);
  if (start.has_value()) {
    Series series;
    series.name = absl::StrCat("start: ", points[0]->start);
    series.color = static_cast<int>(figure.plot.series.size());
    series.dashed = true;
    series.markers = false;
    series.points = {{low, *start}, {high, *start}};
    if (!numbers)
      series.points = {{*start, -0.5}, {*start, values.size() - 0.5}};
    figure.plot.series.push_back(std::move(series));
  }
  if (!numbers) {
    // Rows, and a key that on a phone has a line for each series.
    figure.height = 110 + 26 * static_cast<int>(values.size()) +
                    15 * static_cast<int>(figure.plot.series.size());
  }
  DropEmptySpreads(figure.plot);
  figure.caption = absl::StrCat(
      "Top-1 accuracy on the test set by ", name, ", after phase ",
      points[0]->phase, " of each point of the sweep",
      points[0]->axes.size() > 1 ? "; a colour for each value of the others"
                                 : "",
      start.has_value()
          ? "; the dashed line is the phase that all points start from"
          : "",
      ". ", SettingOf(points), SpreadSentence(figure.plot));
  return figure;
}

}  // namespace tritlab
