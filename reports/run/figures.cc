#include "reports/run/figures.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reports/page/number_format.h"
#include "reports/page/plot.h"
#include "reports/report.pb.h"
#include "reports/run/report_tables.h"

namespace tritlab {
namespace {

bool HasZeros(const LayerResult& layer) { return layer.sparsity() > 0; }

// A dot for each layer, from the first (top) to the last, of each phase that
// `has` the share. Layers are matched by name where phases differ in them.
template <typename Has, typename Share>
Figure FigureByLayer(const Report& report, Has has, Share share) {
  Figure figure;
  figure.plot.x_range = {0, 100};
  std::map<std::string, int> rows;
  for (int i = 0; i < report.results_size(); ++i) {
    const PhaseResult& phase = report.results(i);
    if (std::none_of(phase.layers().begin(), phase.layers().end(), has))
      continue;
    Series series;
    series.name = phase.name();
    series.color = i;
    series.line = false;
    for (const LayerResult& layer : phase.layers()) {
      const auto [at, is_new] = rows.emplace(
          layer.name(), static_cast<int>(figure.plot.y_names.size()));
      if (is_new) figure.plot.y_names.push_back(layer.name());
      series.points.emplace_back(100 * share(layer), at->second);
    }
    figure.plot.series.push_back(series);
  }
  const int layers = static_cast<int>(figure.plot.y_names.size());
  // Closer rows for deep networks; text of 13 pixels must still fit.
  // Around them are the key, the marks and the label.
  figure.height = 110 + layers * (layers > 60 ? 15 : 18);
  return figure;
}

// What a layer of which no weight is 0 is, of the phases that have zeros; empty
// when there is none.
std::string LayersWithoutZeros(const Report& report) {
  bool full_precision = false;
  std::set<std::string> quantizers;
  for (const PhaseResult& phase : report.results()) {
    const auto& layers = phase.layers();
    if (std::none_of(layers.begin(), layers.end(), HasZeros)) continue;
    for (const LayerResult& layer : layers) {
      if (HasZeros(layer)) continue;
      if (layer.quantizer() == "full_precision") {
        full_precision = true;
      } else {
        quantizers.insert(layer.quantizer());
      }
    }
  }
  if (quantizers.empty())
    return full_precision ? " Layers at 0 are kept in full precision." : "";
  return absl::StrCat(" Layers at 0 are ",
                      full_precision ? "kept in full precision, or " : "",
                      "quantized (", absl::StrJoin(quantizers, ", "),
                      ") to values none of which is 0.");
}

// "1,000 images spread evenly over the test set"; what the phases have in
// common.
std::string CountedImages(const Report& report) {
  uint32_t images = 0;
  for (const PhaseResult& phase : report.results())
    images = std::max(images, phase.activation_images());
  return images < report.provenance().test_images()
             ? absl::StrCat(FormatCount(images),
                            " images spread evenly over the test set")
             : absl::StrCat("the test set (", FormatCount(images), " images)");
}

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
      SettingOfPhases(report), "; one seed.");
  return figure;
}

Figure SparsityFigure(const Report& report) {
  Figure figure = FigureByLayer(
      report, HasZeros, [](const LayerResult& l) { return l.sparsity(); });
  figure.plot.name = "sparsity";
  figure.plot.title = "Weight sparsity by layer";
  figure.plot.x_label = "zeros, %";
  figure.caption = absl::StrCat(
      "Weight sparsity by layer after training, from the first layer (top) to "
      "the last: the share of zeros among the values that a layer computes "
      "with.",
      LayersWithoutZeros(report), " ", SettingOfPhases(report), "; one seed.");
  return figure;
}

Figure ActivationSparsityFigure(const Report& report) {
  Figure figure = FigureByLayer(
      report, [](const LayerResult& l) { return l.has_zero_activations(); },
      [](const LayerResult& l) { return l.zero_activations(); });
  figure.plot.name = "activation_sparsity";
  figure.plot.title = "Activation sparsity by layer";
  figure.plot.x_label = "zero activations, %";
  figure.caption = absl::StrCat(
      "Activation sparsity by layer after training, from the first layer (top) "
      "to the last: the share of zeros among the activations that a layer "
      "reads, quantized where the phase quantizes them, on ",
      CountedImages(report), ". ", SettingOfPhases(report), "; one seed.");
  return figure;
}

Figure BothNonzeroFigure(const Report& report) {
  Figure figure = FigureByLayer(
      report, [](const LayerResult& l) { return l.has_both_nonzero(); },
      [](const LayerResult& l) { return l.both_nonzero(); });
  figure.plot.name = "both_nonzero";
  figure.plot.title = "Multiply-adds without a zero by layer";
  figure.plot.x_label = "weight and activation not 0, % of multiply-adds";
  figure.caption = absl::StrCat(
      "The multiply-adds that are left when zeros are skipped, by layer after "
      "training, from the first layer (top) to the last: the share whose "
      "weight and activation are both not 0, counted on ",
      CountedImages(report), ", padding as zeros. ", SettingOfPhases(report),
      "; one seed.");
  return figure;
}

}  // namespace tritlab
