#include "reports/figures.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reports/number_format.h"
#include "reports/plot.h"
#include "reports/report.pb.h"
#include "reports/report_tables.h"

namespace tritlab {
namespace {

// Dots on every epoch are noise where there are many.
constexpr int kMostMarkers = 30;

}  // namespace

Figure AccuracyFigure(const Report& report) {
  Figure figure;
  figure.plot.name = "accuracy";
  figure.plot.title = "Top-1 accuracy by epoch";
  figure.plot.x_label = "epoch of the phase";
  figure.plot.y_label = "top-1 accuracy, %";
  figure.plot.whole_x = true;
  bool has_start = false;
  for (int i = 0; i < report.results_size(); ++i) {
    const PhaseResult& phase = report.results(i);
    Series test;
    test.name = phase.name();
    test.color = i;
    test.markers = phase.epochs_size() <= kMostMarkers;
    Series train;
    train.color = i;
    train.dashed = true;
    train.markers = false;
    if (phase.initial_top1() > 0 && phase.epochs_size() > 0) {
      has_start = true;
      test.points.emplace_back(0, phase.initial_top1());
    }
    for (const EpochResult& epoch : phase.epochs()) {
      test.points.emplace_back(epoch.epoch(), epoch.test_top1());
      train.points.emplace_back(epoch.epoch(), epoch.train_top1());
    }
    figure.plot.series.push_back(test);
    figure.plot.series.push_back(train);
  }
  figure.caption = absl::StrCat(
      "Top-1 accuracy by epoch of each phase: solid on the test set (",
      FormatCount(report.provenance().test_images()),
      " images), dashed on the augmented training images while training. The "
      "last epoch is the result.",
      has_start ? " Epoch 0 is the test set before the first step." : "", " ",
      SettingOf(report), "; one seed.");
  return figure;
}

Figure SparsityFigure(const Report& report) {
  Figure figure;
  figure.plot.name = "sparsity";
  figure.plot.title = "Weight sparsity by layer";
  figure.plot.x_label = "zeros, %";
  figure.plot.x_range = {0, 100};
  std::map<std::string, int> rows;
  for (int i = 0; i < report.results_size(); ++i) {
    const PhaseResult& phase = report.results(i);
    if (std::none_of(phase.layers().begin(), phase.layers().end(),
                     [](const LayerResult& l) { return l.sparsity() > 0; })) {
      continue;
    }
    Series series;
    series.name = phase.name();
    series.color = i;
    series.line = false;
    for (const LayerResult& layer : phase.layers()) {
      const auto [at, is_new] = rows.emplace(
          layer.name(), static_cast<int>(figure.plot.y_names.size()));
      if (is_new) figure.plot.y_names.push_back(layer.name());
      series.points.emplace_back(100 * layer.sparsity(), at->second);
    }
    figure.plot.series.push_back(series);
  }
  const int layers = static_cast<int>(figure.plot.y_names.size());
  // Closer rows for deep networks; text of 13 pixels must still fit.
  figure.height = 80 + layers * (layers > 60 ? 15 : 18);
  figure.caption = absl::StrCat(
      "Weight sparsity by layer after training, from the first layer (top) to "
      "the last: the share of zeros among the values that a layer computes "
      "with. Layers at 0 are kept in full precision. ",
      SettingOf(report), "; one seed.");
  return figure;
}

}  // namespace tritlab
