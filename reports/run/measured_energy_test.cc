#include "reports/run/measured_energy.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

TEST(MeasuredEnergy, SaysWhatWasMeasuredOrWhyNot) {
  Report report;
  EXPECT_EQ(MeasuredEnergySentence(report), "");
  MeasuredEnergy& energy = *report.mutable_measured_energy();
  energy.set_why_not("this machine shows no counter");
  EXPECT_EQ(MeasuredEnergySentence(report),
            "Energy was not measured: this machine shows no counter.");
  energy.clear_why_not();
  energy.set_joules(0.00025);
  energy.set_watts(42.04);
  energy.set_batch(100);
  energy.set_packages(2);
  EXPECT_THAT(MeasuredEnergySentence(report),
              HasSubstr("250 \u00b5J an image in batches of 100, at 42.0 W, by "
                        "the counters of 2 processor packages"));
  EXPECT_THAT(MeasuredEnergySentence(report), HasSubstr("leave out DRAM"));
}

}  // namespace
}  // namespace tritlab
