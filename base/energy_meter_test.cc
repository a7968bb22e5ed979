#include "base/energy_meter.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

// A folder as Linux shows it, made up anew for each test.
class EnergyMeterTest : public testing::Test {
 protected:
  void Zone(const std::string& zone, const std::string& name,
            const std::string& microjoules) {
    const std::string folder = JoinPath(root_, zone);
    ASSERT_TRUE(MakeDirectories(folder).ok());
    Write(zone, "name", name + "\n");
    Write(zone, "max_energy_range_uj", "262143328850\n");
    Count(zone, microjoules);
  }
  void Count(const std::string& zone, const std::string& microjoules) {
    Write(zone, "energy_uj", microjoules + "\n");
  }
  void Write(const std::string& zone, const std::string& file,
             const std::string& contents) {
    ASSERT_TRUE(
        WriteFileAtomically(JoinPath(JoinPath(root_, zone), file), contents)
            .ok());
  }
  std::string Error() const {
    return std::string(EnergyMeter::Start(root_).status().message());
  }

  void TearDown() override { std::filesystem::remove_all(root_); }

  const std::string root_ = MakeRoot();

 private:
  // Where everybody may enter, unlike the folder that Bazel gives.
  static std::string MakeRoot() {
    char folder[] = "/tmp/powercap_XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    EXPECT_EQ(chmod(folder, 0755), 0);
    return folder;
  }
};

// Protects: each package once. Its cores and memory are zones of their own, the
// whole machine (psys) and the second way to the same counter come beside it.
TEST_F(EnergyMeterTest, CountsPackagesAndNothingTwice) {
  Zone("intel-rapl", "", "1");
  Zone("intel-rapl:0", "package-0", "1000000");
  Zone("intel-rapl:0:0", "core", "1000");
  Zone("intel-rapl:0:1", "dram", "1000");
  Zone("intel-rapl:1", "package-1", "5000000");
  Zone("intel-rapl:2", "psys", "1000");
  Zone("intel-rapl-mmio:0", "package-0", "1000000");
  auto meter = EnergyMeter::Start(root_);
  ASSERT_TRUE(meter.ok()) << meter.status();
  EXPECT_EQ(meter->packages(), 2u);
  EXPECT_EQ(*meter->Joules(), 0);
  Count("intel-rapl:0", "3500000");
  Count("intel-rapl:0:0", "900000000");
  Count("intel-rapl:1", "5250000");
  Count("intel-rapl:2", "900000000");
  Count("intel-rapl-mmio:0", "3500000");
  EXPECT_DOUBLE_EQ(*meter->Joules(), 2.75);
}

// Protects: a measurement that goes over a counter's end, also twice with a
// look in between.
TEST_F(EnergyMeterTest, ACounterBeginsAnew) {
  Zone("intel-rapl:0", "package-0", "262143000000");
  auto meter = EnergyMeter::Start(root_);
  ASSERT_TRUE(meter.ok()) << meter.status();
  Count("intel-rapl:0", "671150");
  EXPECT_NEAR(*meter->Joules(), 1, 1e-9);
  Count("intel-rapl:0", "1671150");
  EXPECT_NEAR(*meter->Joules(), 2, 1e-9);
  Count("intel-rapl:0", "671150");
  EXPECT_NEAR(*meter->Joules(), 1 + 262143.328850, 1e-6);
}

TEST_F(EnergyMeterTest, AMachineWithoutCountersSaysSo) {
  EXPECT_TRUE(absl::IsNotFound(EnergyMeter::Start(root_).status()));
  EXPECT_THAT(Error(), HasSubstr("no energy counter"));
  Zone("dtpm:0", "thermal", "7");
  EXPECT_TRUE(absl::IsNotFound(EnergyMeter::Start(root_).status()));
}

// Protects: what Linux does since 2020 for everybody but root. As root, who may
// read everything, the test takes the place of nobody for a moment.
TEST_F(EnergyMeterTest, WhatMayNotBeReadSaysWhatToDo) {
  constexpr uid_t kNobody = 65534;
  Zone("intel-rapl:0", "package-0", "7");
  const std::string counter =
      JoinPath(JoinPath(root_, "intel-rapl:0"), "energy_uj");
  ASSERT_EQ(chmod(counter.c_str(), 0), 0);
  const bool is_root = geteuid() == 0;
  if (is_root && seteuid(kNobody) != 0)
    GTEST_SKIP() << "root cannot become another user here";
  const bool in_sight = eaccess(root_.c_str(), X_OK) == 0;
  const absl::Status status = EnergyMeter::Start(root_).status();
  if (is_root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  if (!in_sight) GTEST_SKIP() << "nobody cannot enter the test's folder";
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("sudo chmod a+r " + counter));
}

TEST_F(EnergyMeterTest, ACounterThatIsNoNumberIsNamed) {
  Zone("intel-rapl:0", "package-0", "7");
  auto meter = EnergyMeter::Start(root_);
  ASSERT_TRUE(meter.ok()) << meter.status();
  for (const char* const text : {"", "x", "-1", "nan"}) {
    Count("intel-rapl:0", text);
    EXPECT_THAT(std::string(meter->Joules().status().message()),
                HasSubstr("energy_uj"));
    EXPECT_THAT(Error(), HasSubstr("energy_uj"));
  }
}

}  // namespace
}  // namespace tritlab
