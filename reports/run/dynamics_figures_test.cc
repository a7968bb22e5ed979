#include "reports/run/dynamics_figures.h"

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "reports/made_up_report.h"
#include "reports/page/plot.h"
#include "reports/report.pb.h"

namespace tritlab {
namespace {

const Figure& Named(const std::vector<Figure>& figures,
                    const std::string& name) {
  for (const Figure& figure : figures) {
    if (figure.plot.name == name) return figure;
  }
  ADD_FAILURE() << "no figure " << name;
  return figures.at(0);
}

// Protects: three layers' shares, W_p and W_n, changes, gradients; each picture
// with its own name, and a caption that stands on its own.
TEST(DynamicsFigures, OfATernaryPhase) {
  const Report report = MadeUpReport(9, 4);  // seven of nine are quantized
  EXPECT_TRUE(DynamicsFigures(report, report.results(0)).empty());
  const std::vector<Figure> figures =
      DynamicsFigures(report, report.results(1));
  ASSERT_EQ(figures.size(), 7u);
  std::set<std::string> names;
  for (const Figure& figure : figures) {
    EXPECT_TRUE(names.insert(figure.plot.name).second) << figure.plot.name;
    for (const char* part :
         {"Phase ttq", "epoch", "resnet20", "cifar10", "bf16", "seed 7",
          "TTQ, t = 0.05, 4 epochs", "one seed"}) {
      EXPECT_TRUE(absl::StrContains(figure.caption, part))
          << part << " in: " << figure.caption;
    }
    for (const Series& series : figure.plot.series)
      EXPECT_EQ(series.points.size(), 4u) << figure.plot.name;
  }
  const Series& zero = Named(figures, "dynamics_ttq_shares_0").plot.series[1];
  EXPECT_EQ(zero.name, "zero");
  EXPECT_EQ(zero.points[3].first, 4);
  EXPECT_FLOAT_EQ(zero.points[3].second,
                  100 * report.results(1).epochs(3).weight_sets(0).zero());
  const std::string last = report.results(1).layers(7).name();
  EXPECT_TRUE(
      absl::StrContains(Named(figures, "dynamics_ttq_shares_2").caption, last));
}

TEST(DynamicsFigures, ScalesChangesAndGradients) {
  const Report report = MadeUpReport(9, 4);
  const PhaseResult& phase = report.results(1);
  const std::vector<Figure> figures = DynamicsFigures(report, phase);
  const Plot& scales = Named(figures, "dynamics_ttq_scales").plot;
  ASSERT_EQ(scales.series.size(), 6u);
  EXPECT_EQ(scales.series[0].name, phase.layers(1).name());
  EXPECT_EQ(scales.series[2].name, phase.layers(4).name());
  EXPECT_TRUE(scales.series[1].dashed);
  EXPECT_EQ(scales.series[1].color, scales.series[0].color);
  EXPECT_EQ(scales.series[1].points[2].second,
            phase.epochs(2).values().at(phase.layers(1).name() + "/w_n"));

  const Plot& changes = Named(figures, "dynamics_ttq_changes").plot;
  ASSERT_EQ(changes.series.size(), 4u);
  // All layers change alike here, so their mean is each one's share.
  EXPECT_NEAR(changes.series[0].points[0].second,
              100 * phase.epochs(0).weight_sets(3).changed(), 1e-4);

  const WeightSets& sets = phase.epochs(1).weight_sets(0);
  const Plot& gradients = Named(figures, "dynamics_ttq_gradients").plot;
  EXPECT_NEAR(
      gradients.series[0].points[1].second,
      (0.5 / std::sqrt(sets.positive())) / (0.25 / std::sqrt(sets.zero())),
      1e-5);
  const Plot& scale = Named(figures, "dynamics_ttq_scale_gradients").plot;
  EXPECT_NEAR(scale.series[1].points[1].second,
              std::abs(sets.gradients().learned().at("w_n")) / 0.75, 1e-5);
}

// Protects: what was not recorded is no picture and no point, and an empty set
// divides nothing.
TEST(DynamicsFigures, WhatIsNotKnownIsLeftOut) {
  Report report = MadeUpReport(3, 2);  // one quantized layer
  PhaseResult& phase = *report.mutable_results(1);
  for (EpochResult& epoch : *phase.mutable_epochs()) {
    epoch.clear_values();
    ASSERT_EQ(epoch.weight_sets_size(), 1);
    epoch.mutable_weight_sets(0)->clear_gradients();
  }
  phase.mutable_epochs(0)->mutable_weight_sets(0)->clear_changed();
  std::vector<Figure> figures = DynamicsFigures(report, phase);
  ASSERT_EQ(figures.size(), 2u);  // shares and changes
  const Series& changes = figures[1].plot.series[0];
  EXPECT_TRUE(std::isnan(changes.points[0].second));
  EXPECT_FALSE(std::isnan(changes.points[1].second));

  report = MadeUpReport(3, 1);
  WeightSets& sets =
      *report.mutable_results(1)->mutable_epochs(0)->mutable_weight_sets(0);
  sets.set_zero(0);
  sets.mutable_gradients()->set_zero(0);
  for (const Figure& figure : DynamicsFigures(report, report.results(1)))
    EXPECT_NE(figure.plot.name, "dynamics_ttq_gradients");
  EXPECT_TRUE(DynamicsFigures(Report(), PhaseResult()).empty());
}

}  // namespace
}  // namespace tritlab
