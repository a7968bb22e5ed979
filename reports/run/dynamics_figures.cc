#include "reports/run/dynamics_figures.h"

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "quant/weight_sets.pb.h"
#include "reports/page/plot.h"
#include "reports/run/figures.h"
#include "reports/run/report_tables.h"
#include "reports/run/weight_set_values.h"

namespace tritlab {
namespace {

constexpr int kHeight = 260;

// The first, the middle and the last.
std::vector<std::string> ShownLayers(const PhaseResult& phase) {
  if (phase.epochs().empty()) return {};
  const auto& sets = phase.epochs(phase.epochs_size() - 1).weight_sets();
  if (sets.empty()) return {};
  std::vector<std::string> layers;
  for (const int i : {0, (sets.size() - 1) / 2, sets.size() - 1}) {
    const std::string& name = sets[i].layer();
    if (layers.empty() || layers.back() != name) layers.push_back(name);
  }
  return layers;
}

class DynamicsWriter {
 public:
  DynamicsWriter(const Report& report, const PhaseResult& phase)
      : report_(report), phase_(phase), layers_(ShownLayers(phase)) {}

  std::vector<Figure> Figures() {
    for (size_t i = 0; i < layers_.size(); ++i) AddShares(static_cast<int>(i));
    AddScales();
    AddChanges();
    AddGradients();
    AddScaleGradients();
    return std::move(figures_);
  }

 private:
  // By epoch; what value(epoch) does not give leaves a gap.
  template <typename Value>
  Series SeriesOf(const std::string& name, int color, bool dashed,
                  Value value) const {
    Series series;
    series.name = name;
    series.color = color;
    series.dashed = dashed;
    series.markers = !dashed && phase_.epochs_size() <= kMostMarkers;
    for (const EpochResult& epoch : phase_.epochs()) {
      const std::optional<double> y = value(epoch);
      series.points.emplace_back(
          epoch.epoch(), y.value_or(std::numeric_limits<double>::quiet_NaN()));
    }
    return series;
  }

  // Likewise of a layer's sets.
  template <typename Value>
  Series SetSeries(const std::string& name, int color, bool dashed,
                   const std::string& layer, Value value) const {
    return SeriesOf(name, color, dashed,
                    [&](const EpochResult& epoch) -> std::optional<double> {
                      const WeightSets* sets = FindSets(epoch, layer);
                      if (sets == nullptr) return std::nullopt;
                      return value(*sets);
                    });
  }

  // Keeps a figure that shows anything.
  void Add(absl::string_view name, const std::string& title,
           const std::string& y_label, const std::string& what,
           std::vector<Series> series) {
    bool any = false;
    for (const Series& one : series) {
      for (const auto& [x, y] : one.points) any |= std::isfinite(y);
    }
    if (!any) return;
    Figure figure;
    figure.plot.name = "dynamics_";
    for (const char c : phase_.name())
      figure.plot.name += absl::ascii_isalnum(c) ? c : '_';
    absl::StrAppend(&figure.plot.name, "_", name);
    figure.plot.title = title;
    figure.plot.x_label = "epoch of the phase";
    figure.plot.y_label = y_label;
    figure.plot.whole_x = true;
    figure.plot.series = std::move(series);
    figure.height = kHeight;
    figure.caption = absl::StrCat(what, " Phase ", phase_.name(), ". ",
                                  SettingOf(report_, phase_), "; one seed.");
    figures_.push_back(std::move(figure));
  }

  std::string WhichLayers() const {
    return "first, middle and last of the quantized layers";
  }

  void AddShares(int shown) {
    const std::string& layer = layers_[shown];
    const auto share = [&](const char* name, int color, auto value) {
      return SetSeries(name, color, /*dashed=*/false, layer,
                       [value](const WeightSets& sets) {
                         return std::optional<double>(100 * value(sets));
                       });
    };
    Add(absl::StrCat("shares_", shown),
        absl::StrCat("Signs of the weights of ", layer, " by epoch"),
        "weights, %",
        absl::StrCat("The weights of layer ", layer,
                     " by the sign of their quantized value, as shares at the "
                     "end of each epoch of training."),
        {share("positive", 0, [](const WeightSets& s) { return s.positive(); }),
         share("zero", 1, [](const WeightSets& s) { return s.zero(); }),
         share("negative", 2,
               [](const WeightSets& s) { return s.negative(); })});
  }

  void AddScales() {
    std::vector<Series> series;
    for (size_t i = 0; i < layers_.size(); ++i) {
      for (const bool negative : {false, true}) {
        const std::string key =
            absl::StrCat(layers_[i], negative ? "/w_n" : "/w_p");
        series.push_back(
            SeriesOf(negative ? "" : layers_[i], static_cast<int>(i), negative,
                     [&](const EpochResult& epoch) -> std::optional<double> {
                       const auto at = epoch.values().find(key);
                       if (at == epoch.values().end()) return std::nullopt;
                       return at->second;
                     }));
      }
    }
    Add("scales", "W_p and W_n by epoch", "scale",
        absl::StrCat("The learned scales at the end of each epoch of "
                     "training, solid W_p, dashed W_n: ",
                     WhichLayers(), "."),
        std::move(series));
  }

  void AddChanges() {
    std::vector<Series> series = {
        SeriesOf("all quantized layers", 0, /*dashed=*/false,
                 [&](const EpochResult& epoch) -> std::optional<double> {
                   const auto changed = ChangedShare(phase_, epoch);
                   if (!changed.has_value()) return std::nullopt;
                   return 100 * *changed;
                 })};
    for (size_t i = 0; i < layers_.size(); ++i) {
      series.push_back(SetSeries(
          layers_[i], static_cast<int>(i) + 1, /*dashed=*/true, layers_[i],
          [](const WeightSets& sets) -> std::optional<double> {
            if (!sets.has_changed()) return std::nullopt;
            return 100 * sets.changed();
          }));
    }
    Add("changes", "Weights that changed their set by epoch",
        "changed weights, %",
        absl::StrCat("The share of weights that are in another of the sets "
                     "positive, zero and negative at the end of an epoch than "
                     "at its beginning: solid all quantized layers, dashed ",
                     WhichLayers(), "."),
        std::move(series));
  }

  // Two series a layer, solid and dashed.
  template <typename Value>
  std::vector<Series> GradientSeries(Value value) const {
    std::vector<Series> series;
    for (size_t i = 0; i < layers_.size(); ++i) {
      for (const bool negative : {false, true}) {
        series.push_back(SetSeries(
            negative ? "" : layers_[i], static_cast<int>(i), negative,
            layers_[i], [&](const WeightSets& sets) -> std::optional<double> {
              return value(sets, negative);
            }));
      }
    }
    return series;
  }

  void AddGradients() {
    Add("gradients", "Gradients of the sets by epoch", "RMS over zeros' RMS",
        absl::StrCat(
            "The gradient that a latent weight receives, learning-rate "
            "multipliers included: its root mean square over the positive "
            "(solid) and the negative set (dashed), as a multiple of that over "
            "the zeros, on the last batch of each epoch of training: ",
            WhichLayers(), "."),
        GradientSeries(GradientRatio));
  }

  void AddScaleGradients() {
    Add("scale_gradients", "Gradients of W_p and W_n by epoch",
        "scale's over its set's norm",
        absl::StrCat(
            "The magnitude of the gradient of W_p over the norm of the "
            "gradients of the positive weights (solid), and of W_n over that "
            "of the negative ones (dashed), on the last batch of each epoch of "
            "training: ",
            WhichLayers(), "."),
        GradientSeries([](const WeightSets& sets,
                          bool negative) -> std::optional<double> {
          const SetGradients& gradients = sets.gradients();
          const auto at = gradients.learned().find(negative ? "w_n" : "w_p");
          if (at == gradients.learned().end()) return std::nullopt;
          const double ratio =
              std::abs(static_cast<double>(at->second)) /
              (negative ? gradients.negative() : gradients.positive());
          if (!std::isfinite(ratio)) return std::nullopt;
          return ratio;
        }));
  }

  const Report& report_;
  const PhaseResult& phase_;
  const std::vector<std::string> layers_;
  std::vector<Figure> figures_;
};

}  // namespace

std::vector<Figure> DynamicsFigures(const Report& report,
                                    const PhaseResult& phase) {
  return DynamicsWriter(report, phase).Figures();
}

}  // namespace tritlab
