#include "reports/run/iteration_cost.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Full precision, INQ in 2 stages of 2 epochs, and the same values at once with
// 4 epochs.
Report Staged() {
  Report report;
  report.mutable_network()->set_name("resnet20");
  report.mutable_network()->set_multiply_adds(40e6);
  PhaseResult& full = *report.add_results();
  full.set_name("full_precision");
  full.set_top1(91.5);
  full.set_seconds(1000);
  full.set_train_multiply_adds(240e12);
  for (int i = 0; i < 20; ++i) full.add_epochs();
  PhaseResult& inq = *report.add_results();
  inq.set_name("inq");
  inq.set_starts_from("full_precision");
  inq.set_stages(2);
  inq.set_initial_top1(60.25);
  inq.set_top1(91);
  inq.set_seconds(230);
  inq.set_images_per_second(1000);
  inq.set_train_multiply_adds(24e12);
  for (const auto& [name, weights] :
       {std::pair("conv1", 100), std::pair("conv2", 300)}) {
    LayerResult& layer = *inq.add_layers();
    layer.set_name(name);
    layer.set_weights(weights);
    layer.set_multiply_adds(1e5 * weights);
  }
  const double seconds[] = {50, 110, 170, 230};
  const double top1[] = {80, 90.5, 85, 91};
  for (int i = 0; i < 4; ++i) {
    EpochResult& epoch = *inq.add_epochs();
    epoch.set_epoch(i + 1);
    epoch.set_seconds(seconds[i]);
    epoch.set_test_top1(top1[i]);
    // One layer of the two is quantized.
    (*epoch.mutable_values())["conv2/frozen"] = i < 2 ? 0.5 : 1;
    (*epoch.mutable_values())["conv2/n1"] = -1;
  }
  PhaseResult& global = *report.add_results();
  global.set_name("global");
  global.set_starts_from("full_precision");
  global.set_stages(1);
  global.set_top1(88);
  global.set_seconds(220);
  global.set_train_multiply_adds(24e12);
  for (int i = 0; i < 4; ++i) global.add_epochs();
  return report;
}

// Protects: what belongs to which stage; seconds of a phase are counted from
// its beginning, multiply-adds are of all its stages.
TEST(IterationCost, EachStageHasItsOwnCostAndAccuracy) {
  const Report report = Staged();
  const Table table = StageTableOf(report, report.results(1));
  ASSERT_EQ(table.rows.size(), 6u);
  EXPECT_THAT(table.rows[0],
              ElementsAre("start: full_precision", "20", "1000.0",
                          "240 trillion", "-", "91.50"));
  EXPECT_THAT(table.rows[1],
              ElementsAre("rounded at once", "0", "0.0", "0", "-", "60.25"));
  EXPECT_THAT(table.rows[2], ElementsAre("stage 1", "2", "110.0", "12 trillion",
                                         "37.50", "90.50"));
  EXPECT_THAT(table.rows[3], ElementsAre("stage 2", "2", "120.0", "12 trillion",
                                         "75.00", "91.00"));
  EXPECT_THAT(table.rows[4], ElementsAre("all 2 stages", "4", "230.0",
                                         "24 trillion", "75.00", "91.00"));
  EXPECT_THAT(table.rows[5], ElementsAre("instead: global", "4", "220.0",
                                         "24 trillion", "-", "88.00"));
  for (const auto& row : table.rows)
    EXPECT_EQ(row.size(), table.columns.size());
}

// Protects: the extrapolation, computed by hand. 1,000 images/s of 40 million
// multiply-adds are 40 billion a second, so a network of 2 billion does 20
// images/s: 64,058 s or 17.79 h an epoch, 71.18 h for 4; in all 3 * 2e9 *
// 1,281,167 * 4 = 3.0748e16.
TEST(IterationCost, ExtrapolatesBySpeedAndMultiplyAdds) {
  Report report = Staged();
  NetworkSummary& network = *report.add_reference_networks();
  network.set_name("resnet18");
  network.set_multiply_adds(2e9);
  const Table table = ExtrapolationTableOf(report, report.results(1));
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_THAT(table.rows[0], ElementsAre("resnet18", "2 billion", "50.0", "20",
                                         "17.79", "71.18", "30,748 trillion"));
  EXPECT_EQ(table.rows[0].size(), table.columns.size());
  EXPECT_THAT(table.caption, HasSubstr("1,281,167"));
  EXPECT_THAT(table.caption, HasSubstr("not measured"));
  EXPECT_THAT(table.caption, HasSubstr("120 billion/s"));
}

// Protects: the speed of a phase is that of the network it trained, not of the
// smaller one that the report of a removal of filters describes.
TEST(IterationCost, ExtrapolatesFromTheNetworkOfThePhase) {
  Report report = Staged();
  report.mutable_network()->set_multiply_adds(20e6);
  NetworkSummary& network = *report.add_reference_networks();
  network.set_name("resnet18");
  network.set_multiply_adds(2e9);
  const Table table = ExtrapolationTableOf(report, report.results(1));
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_THAT(table.rows[0], ElementsAre("resnet18", "2 billion", "50.0", "20",
                                         "17.79", "71.18", "30,748 trillion"));
  EXPECT_THAT(table.caption,
              HasSubstr("1,000 images/s of 40 million multiply-adds each"));
}

// Protects: pages of phases to which none of this applies, and of runs that
// older programs wrote.
TEST(IterationCost, NothingWithoutStages) {
  Report report = Staged();
  EXPECT_THAT(StageTableOf(report, report.results(0)).rows, IsEmpty());
  EXPECT_THAT(StageTableOf(report, report.results(2)).rows, IsEmpty());
  EXPECT_THAT(ExtrapolationTableOf(report, report.results(2)).rows, IsEmpty());
  EXPECT_THAT(ExtrapolationTableOf(report, report.results(1)).rows, IsEmpty());
  PhaseResult& inq = *report.mutable_results(1);
  inq.mutable_epochs()->RemoveLast();  // as no run reports it
  EXPECT_THAT(StageTableOf(report, inq).rows, IsEmpty());
  inq = Staged().results(1);
  report.add_reference_networks()->set_multiply_adds(2e9);
  EXPECT_EQ(ExtrapolationTableOf(report, inq).rows.size(), 1u);
  for (LayerResult& layer : *inq.mutable_layers()) layer.clear_multiply_adds();
  EXPECT_THAT(ExtrapolationTableOf(report, inq).rows, IsEmpty());
  inq = Staged().results(1);
  report.mutable_reference_networks(0)->set_multiply_adds(0);
  EXPECT_THAT(ExtrapolationTableOf(report, inq).rows, IsEmpty());
  inq.set_images_per_second(0);
  EXPECT_THAT(ExtrapolationTableOf(report, inq).rows, IsEmpty());
}

}  // namespace
}  // namespace tritlab
