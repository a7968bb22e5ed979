#include "reports/run/filter_removal.h"

#include <cstdint>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

PhaseResult& AddPhase(const std::string& name, const std::string& from,
                      double top1, uint32_t weights, Report& report) {
  PhaseResult& phase = *report.add_results();
  phase.set_name(name);
  phase.set_starts_from(from);
  phase.set_top1(top1);
  phase.set_weight_bytes(weights / 4);
  for (int i = 0; i < 2; ++i) {
    LayerResult& layer = *phase.add_layers();
    layer.set_weights(weights / 2);
    layer.set_multiply_adds(50.0 * weights);
  }
  for (const char* const arithmetic : {"f32", "int8"}) {
    EnergyResult& energy = *phase.add_energy();
    energy.set_process("45 nm");
    energy.set_activations(arithmetic);
    EnergyEntry& total = *energy.mutable_total();
    total.set_compute_pj(99e6);
    total.set_weight_sparse_compute_pj(1e6);
    total.set_weight_sparse_register_pj(0.5e6);
    total.set_weight_traffic_pj(1e3 * weights);
    total.set_activation_traffic_pj(2e6);
  }
  return phase;
}

Report Removed() {
  Report report;
  AddPhase("full_precision", "", 92, 4000, report);
  AddPhase("ttq", "full_precision", 91, 4000, report);
  PhaseResult& removed = AddPhase("filters_removed", "ttq", 91, 3000, report);
  RemovedFromLayer& layer = *removed.mutable_filter_removal()->add_layers();
  layer.set_name("conv2");
  layer.set_filters(1600);
  layer.set_zero(3);
  layer.set_unread(20);
  layer.set_constant(1);
  AddPhase("retrained", "filters_removed", 91.25, 3000, report);
  return report;
}

// Protects: before, after and after re-training are beside each other, and
// nothing else; energy is the sum that other tables call the total (1 + 0.5 + 4
// + 2 microjoules before, 1 less after).
TEST(FilterRemoval, BeforeAndAfterStandSideBySide) {
  const Table table = FilterRemovalTableOf(Removed());
  EXPECT_THAT(table.caption, HasSubstr("Duplicates stay"));
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_THAT(table.rows[0], ElementsAre("ttq", "91.00", "0", "4,000", "1,000",
                                         "400,000", "7.5"));
  EXPECT_THAT(table.rows[1], ElementsAre("filters_removed", "91.00", "24",
                                         "3,000", "750", "300,000", "6.5"));
  EXPECT_THAT(table.rows[2], ElementsAre("retrained", "91.25", "24", "3,000",
                                         "750", "300,000", "6.5"));
  EXPECT_EQ(table.columns.size(), 7u);
  EXPECT_EQ(table.columns[6].title, "\u00b5J, 45 nm");
}

TEST(FilterRemoval, LayersShowWhatTheyLostAndWhy) {
  Report report = Removed();
  const Table table = RemovedFiltersTableOf(report, report.results(2));
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_THAT(table.rows[0],
              ElementsAre("conv2", "1,600", "3", "20", "1", "1,576"));
  EXPECT_THAT(table.caption, Not(HasSubstr("another value")));
  report.mutable_results(2)->mutable_filter_removal()->set_requantized_weights(
      1234);
  EXPECT_THAT(RemovedFiltersTableOf(report, report.results(2)).caption,
              HasSubstr("1,234 weights are given another value"));
}

// Protects: reports of ordinary runs, of which a removal without estimates of
// energy is the one that other programs may have written.
TEST(FilterRemoval, NothingElsewhere) {
  Report report = Removed();
  EXPECT_THAT(RemovedFiltersTableOf(report, report.results(1)).rows, IsEmpty());
  report.mutable_results(3)->clear_energy();
  EXPECT_EQ(FilterRemovalTableOf(report).columns.size(), 6u);
  report.mutable_results(2)->clear_filter_removal();
  EXPECT_THAT(FilterRemovalTableOf(report).rows, IsEmpty());
}

}  // namespace
}  // namespace tritlab
