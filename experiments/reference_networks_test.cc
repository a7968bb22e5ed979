#include "experiments/reference_networks.h"

#include "gtest/gtest.h"

namespace tritlab {
namespace {

TEST(ReferenceNetworks, AreThereWhereAPhaseHasStages) {
  Report report;
  report.add_results()->set_stages(1);
  ASSERT_TRUE(AddReferenceNetworks(report).ok());
  EXPECT_EQ(report.reference_networks_size(), 0);
  report.add_results()->set_stages(4);
  ASSERT_TRUE(AddReferenceNetworks(report).ok());
  ASSERT_TRUE(AddReferenceNetworks(report).ok());
  ASSERT_EQ(report.reference_networks_size(), 4);
  // As published, in billions: 1.8 for ResNet-18, 4.1 for ResNet-50 v1.5.
  EXPECT_NEAR(1e-9 * report.reference_networks(2).multiply_adds(), 1.81, 0.01);
  EXPECT_NEAR(1e-9 * report.reference_networks(3).multiply_adds(), 4.09, 0.01);
}

}  // namespace
}  // namespace tritlab
