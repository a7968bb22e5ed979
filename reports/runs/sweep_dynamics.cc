#include "reports/runs/sweep_dynamics.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reports/page/number_format.h"
#include "reports/page/plot.h"
#include "reports/report.pb.h"
#include "reports/run/report_tables.h"
#include "reports/run/weight_set_values.h"

namespace tritlab {
namespace {

constexpr char kNothing[] = "-";
constexpr size_t kMostDrawn = 6;  // in one figure, to be told apart

struct Point {
  const FoundRun* run;
  const PhaseResult* phase;
};

// The points of one sweep that have sets and scales, each once.
using Points = std::vector<Point>;

bool HasScales(const PhaseResult& phase) {
  if (phase.epochs().empty()) return false;
  for (const WeightSets& sets :
       phase.epochs(phase.epochs_size() - 1).weight_sets()) {
    if (!sets.gradients().learned().empty()) return true;
  }
  return false;
}

std::map<std::string, Points> BySweep(const FoundRuns& found) {
  std::map<std::string, Points> sweeps;
  std::set<std::string> seen;
  for (const FoundRun& run : found.runs) {
    if (!run.in_sweep || run.report.results().empty()) continue;
    const PhaseResult& last = run.report.results(run.report.results_size() - 1);
    if (HasScales(last) && seen.insert(run.point).second)
      sweeps[run.sweep].push_back({&run, &last});
  }
  return sweeps;
}

std::string NameOf(const Point& point) {
  return absl::StrJoin(point.run->axes, ", ",
                       [](std::string* out, const AxisValue& axis) {
                         absl::StrAppend(out, axis.axis, " ", axis.value);
                       });
}

const EpochResult& LastEpoch(const Point& point) {
  return point.phase->epochs(point.phase->epochs_size() - 1);
}

std::optional<double> ScaleOf(const EpochResult& epoch,
                              const std::string& layer, bool negative) {
  const auto at =
      epoch.values().find(absl::StrCat(layer, negative ? "/w_n" : "/w_p"));
  if (at == epoch.values().end()) return std::nullopt;
  return at->second;
}

std::optional<double> RatioOf(const EpochResult& epoch,
                              const std::string& layer, bool negative) {
  const WeightSets* const sets = FindSets(epoch, layer);
  return sets == nullptr ? std::nullopt : GradientRatio(*sets, negative);
}

std::string Significant(const std::optional<double>& value) {
  return value.has_value() ? FormatSignificant(*value) : kNothing;
}

std::string Percent(const std::optional<double>& share) {
  return share.has_value() ? FormatFixed(100 * *share, 2) : kNothing;
}

// Points that are drawn in one figure, each in a colour of its own.
struct Drawn {
  std::string what;  // "scales mean, 4 of 8 points"; empty: all there are
  Points points;
};

// All points in as few figures as there are colours for. Where one is not
// enough, one for each value of the last axis; of one axis, and of values that
// have too many points, evenly.
std::vector<Drawn> Divided(const Points& points) {
  if (points.size() <= kMostDrawn) return {{"", points}};
  std::vector<std::pair<std::string, Points>> groups;
  for (const Point& point : points) {
    std::string value;
    if (point.run->axes.size() > 1) {
      const AxisValue& last = point.run->axes.back();
      value = absl::StrCat(last.axis, " ", last.value, ", ");
    }
    const auto same =
        std::find_if(groups.begin(), groups.end(),
                     [&](const auto& group) { return group.first == value; });
    if (same == groups.end()) {
      groups.push_back({value, {point}});
    } else {
      same->second.push_back(point);
    }
  }
  std::vector<Drawn> all;
  for (const auto& group : groups) {
    const auto& value = group.first;
    const auto& members = group.second;  // a lambda takes no binding
    const size_t parts = (members.size() + kMostDrawn - 1) / kMostDrawn;
    for (size_t part = 0; part < parts; ++part) {
      const auto at = [&](size_t i) {
        return members.begin() + i * members.size() / parts;
      };
      Drawn drawn{.what = "", .points = {at(part), at(part + 1)}};
      drawn.what = absl::StrCat(value, drawn.points.size(), " of ",
                                points.size(), " points");
      all.push_back(std::move(drawn));
    }
  }
  return all;
}

class SweepWriter {
 public:
  explicit SweepWriter(const Points& points) : points_(points) {
    const auto& sets = LastEpoch(points[0]).weight_sets();
    layer_ = sets[(sets.size() - 1) / 2].layer();
  }

  Table PointTable() const {
    Table table;
    table.caption = absl::StrCat(
        "Training at each point of the sweep. W_p, W_n and gradients are those "
        "of layer ",
        layer_,
        ", the middle one of the quantized layers, in the last epoch: the "
        "gradient that its latent weights receive, learning-rate multipliers "
        "included, its root mean square over the positive and the negative "
        "set as a multiple of that over the zeros. Zeros are of all "
        "convolutions and linear layers; \"changed\" is the share of all "
        "quantized weights that an epoch moved to another of the three sets. ",
        Setting());
    for (const AxisValue& axis : points_[0].run->axes)
      table.columns.push_back({axis.axis, false});
    for (const char* title :
         {"top-1 %", "W_p", "W_n", "gradient, positive", "gradient, negative",
          "zero %", "changed %, first epoch", "changed %, last epoch"})
      table.columns.push_back({title, true});
    for (const Point& point : points_) {
      const EpochResult& last = LastEpoch(point);
      std::vector<std::string> row;
      for (const AxisValue& axis : point.run->axes) row.push_back(axis.value);
      row.resize(points_[0].run->axes.size(), kNothing);
      row.push_back(FormatFixed(point.phase->top1(), 2));
      for (const bool negative : {false, true})
        row.push_back(Significant(ScaleOf(last, layer_, negative)));
      for (const bool negative : {false, true})
        row.push_back(Significant(RatioOf(last, layer_, negative)));
      row.push_back(Percent(point.phase->weight_sparsity()));
      row.push_back(
          Percent(ChangedShare(*point.phase, point.phase->epochs(0))));
      row.push_back(Percent(ChangedShare(*point.phase, last)));
      table.rows.push_back(std::move(row));
    }
    return table;
  }

  std::vector<Figure> Figures() const {
    const std::vector<Drawn> all = Divided(points_);
    std::vector<Figure> figures;
    for (size_t i = 0; i < all.size(); ++i) {
      for (Figure& figure : FiguresOf(all[i])) {
        if (i > 0) absl::StrAppend(&figure.plot.name, "_", i + 1);
        figures.push_back(std::move(figure));
      }
    }
    return figures;
  }

 private:
  std::vector<Figure> FiguresOf(const Drawn& drawn) const {
    const std::string of_layer = absl::StrCat(
        " of layer ", layer_, ", the middle one of the quantized layers");
    return {
        Draw(drawn, "scales", "W_p and W_n by epoch", "scale", /*sides=*/2,
             absl::StrCat("The learned scales, solid W_p, dashed W_n,",
                          of_layer, ", at the end of each epoch."),
             [&](const Point&, const EpochResult& epoch, bool negative) {
               return ScaleOf(epoch, layer_, negative);
             }),
        Draw(drawn, "gradients", "Gradients of the sets by epoch",
             "RMS over zeros' RMS", /*sides=*/2,
             absl::StrCat(
                 "The gradient that a latent weight receives, learning-rate "
                 "multipliers included: its root mean square over the "
                 "positive (solid) and the negative set (dashed)",
                 of_layer,
                 ", as a multiple of that over the zeros, on the last batch "
                 "of each epoch."),
             [&](const Point&, const EpochResult& epoch, bool negative) {
               return RatioOf(epoch, layer_, negative);
             }),
        Draw(drawn, "changes", "Weights that changed their set by epoch",
             "changed weights, %", /*sides=*/1,
             "The share of all quantized weights that are in another of "
             "the sets positive, zero and negative at the end of an epoch "
             "than at its beginning.",
             [](const Point& point, const EpochResult& epoch, bool) {
               std::optional<double> share = ChangedShare(*point.phase, epoch);
               if (share.has_value()) share = 100 * *share;
               return share;
             })};
  }

  // A colour a point; with two sides a solid and a dashed line of it.
  template <typename Value>
  Figure Draw(const Drawn& drawn, const std::string& name,
              const std::string& title, const std::string& y_label, int sides,
              const std::string& what, Value value) const {
    Figure figure;
    figure.plot.name = absl::StrCat("sweep_dynamics_", name);
    figure.plot.title = title;
    figure.plot.x_label = "epoch of the phase";
    figure.plot.y_label = y_label;
    figure.plot.whole_x = true;
    for (size_t i = 0; i < drawn.points.size(); ++i) {
      for (int side = 0; side < sides; ++side) {
        Series series;
        series.name = side == 0 ? NameOf(drawn.points[i]) : "";
        series.color = static_cast<int>(i);
        series.dashed = side == 1;
        series.markers = false;
        for (const EpochResult& epoch : drawn.points[i].phase->epochs()) {
          series.points.emplace_back(
              epoch.epoch(),
              value(drawn.points[i], epoch, side == 1)
                  .value_or(std::numeric_limits<double>::quiet_NaN()));
        }
        figure.plot.series.push_back(std::move(series));
      }
    }
    figure.height = 260 + 15 * static_cast<int>(drawn.points.size());
    figure.caption = absl::StrCat(
        what, " A colour for each point of the sweep",
        drawn.what.empty() ? "" : absl::StrCat(" (", drawn.what, ")"), ". ",
        Setting());
    return figure;
  }

  std::string Setting() const {
    return absl::StrCat("Phase ", points_[0].phase->name(), ". ",
                        SettingOf(points_[0].run->report),
                        "; one seed of each point.");
  }

  const Points& points_;
  std::string layer_;
};

}  // namespace

std::vector<SweepDynamics> DynamicsOfSweeps(const FoundRuns& found) {
  std::vector<SweepDynamics> result;
  for (const auto& [sweep, points] : BySweep(found)) {
    if (points.size() < 2) continue;
    const SweepWriter writer(points);
    result.push_back({sweep, writer.PointTable(), writer.Figures()});
  }
  return result;
}

}  // namespace tritlab
