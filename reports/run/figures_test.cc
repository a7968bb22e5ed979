#include "reports/run/figures.h"

#include <string>

#include "gtest/gtest.h"
#include "reports/made_up_report.h"
#include "reports/page/plot.h"
#include "reports/report.pb.h"

namespace tritlab {
namespace {

TEST(AccuracyFigure, HasEveryPhaseFromBeforeItsFirstStep) {
  const Report report = MadeUpReport(4, 3);
  const Figure figure = AccuracyFigure(report);
  ASSERT_EQ(figure.plot.series.size(), 4u);  // test and training of each phase
  const Series& test = figure.plot.series[2];
  EXPECT_EQ(test.name, "ttq");
  EXPECT_FALSE(test.dashed);
  ASSERT_EQ(test.points.size(), 4u);
  EXPECT_EQ(test.points[0], std::make_pair(0.0, 31.25));
  EXPECT_EQ(test.points[3],
            std::make_pair(3.0, report.results(1).epochs(2).test_top1()));
  const Series& train = figure.plot.series[3];
  EXPECT_TRUE(train.dashed);
  EXPECT_EQ(train.color, test.color);
  EXPECT_EQ(train.points.size(), 3u);
}

// Protects: a picture taken from its page still says what it is.
TEST(Figures, CaptionsStandOnTheirOwn) {
  const Report report = MadeUpReport();
  for (const Figure& figure :
       {AccuracyFigure(report), SparsityFigure(report),
        ActivationSparsityFigure(report), BothNonzeroFigure(report)}) {
    for (const char* part : {"resnet20", "cifar10", "bf16", "seed 7",
                             "ttq: TTQ, t = 0.05, 3 epochs"}) {
      EXPECT_NE(figure.caption.find(part), std::string::npos)
          << part << " in: " << figure.caption;
    }
  }
}

TEST(SparsityFigure, HasOnlyPhasesThatAreSparse) {
  Report report = MadeUpReport(4, 3);
  const Figure figure = SparsityFigure(report);
  ASSERT_EQ(figure.plot.series.size(), 1u);
  EXPECT_EQ(figure.plot.series[0].name, "ttq");
  EXPECT_EQ(figure.plot.y_names.size(), 4u);
  EXPECT_EQ(figure.plot.y_names[0], "conv1");
  EXPECT_NEAR(figure.plot.series[0].points[1].first,
              100 * report.results(1).layers(1).sparsity(), 1e-9);
  report.mutable_results()->RemoveLast();
  EXPECT_TRUE(SparsityFigure(report).plot.series.empty());
}

// Protects: under a mixed policy, layers at 0 are not all said to be in full
// precision.
TEST(SparsityFigure, SaysWhyLayersHaveNoZero) {
  Report report = MadeUpReport(4, 3);
  const auto caption_has = [&](const char* part) {
    return SparsityFigure(report).caption.find(part) != std::string::npos;
  };
  EXPECT_TRUE(caption_has("Layers at 0 are kept in full precision. "));
  LayerResult& binary = *report.mutable_results(1)->mutable_layers(1);
  binary.set_quantizer("bwn");
  binary.set_sparsity(0);
  EXPECT_TRUE(
      caption_has("Layers at 0 are kept in full precision, or quantized (bwn) "
                  "to values none of which is 0."));
  for (const int end : {0, 3}) {
    LayerResult& layer = *report.mutable_results(1)->mutable_layers(end);
    layer.set_quantizer("inq");
    layer.set_sparsity(0.1);
  }
  EXPECT_TRUE(caption_has("Layers at 0 are quantized (bwn) to values"));
  binary.set_sparsity(0.1);
  EXPECT_FALSE(caption_has("Layers at 0"));
}

TEST(ActivationFigures, HaveOnlyPhasesThatWereCounted) {
  Report report = MadeUpReport(4, 3);
  const Figure zeros = ActivationSparsityFigure(report);
  ASSERT_EQ(zeros.plot.series.size(), 1u);
  EXPECT_EQ(zeros.plot.series[0].name, "ttq");
  EXPECT_NEAR(zeros.plot.series[0].points[2].first, 45, 1e-9);
  EXPECT_NE(
      zeros.caption.find("on 1,000 images spread evenly over the test set"),
      std::string::npos);
  const Figure both = BothNonzeroFigure(report);
  ASSERT_EQ(both.plot.series.size(), 1u);
  EXPECT_NEAR(both.plot.series[0].points[1].first,
              100 * report.results(1).layers(1).both_nonzero(), 1e-9);
  report.mutable_results()->RemoveLast();
  EXPECT_TRUE(ActivationSparsityFigure(report).plot.series.empty());
  EXPECT_TRUE(BothNonzeroFigure(report).plot.series.empty());
}

// Protects: layers are matched by name where phases differ in their layers.
TEST(SparsityFigure, SharesRowsBetweenPhases) {
  Report report = MadeUpReport(4, 1);
  *report.add_results() = report.results(1);
  report.mutable_results(2)->mutable_layers()->DeleteSubrange(0, 1);
  const Figure figure = SparsityFigure(report);
  ASSERT_EQ(figure.plot.series.size(), 2u);
  EXPECT_EQ(figure.plot.y_names.size(), 4u);
  EXPECT_EQ(figure.plot.series[1].points[0].second, 1);
}

TEST(Figures, EmptyReport) {
  EXPECT_TRUE(AccuracyFigure(Report()).plot.series.empty());
  EXPECT_TRUE(SparsityFigure(Report()).plot.series.empty());
}

}  // namespace
}  // namespace tritlab
