#include "reports/regression/baseline_file.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

MeasuredEntry Entry(const std::string& phase, std::vector<double> top1) {
  MeasuredEntry entry;
  entry.experiment = "quickstart";
  entry.phase = phase;
  entry.data_checksum = "0-1";
  entry.seeds.resize(top1.size());
  MeasuredNumber number;
  number.judgement.set_name("top1");
  number.judgement.set_better(TrackedNumber::HIGHER);
  number.judgement.set_by_spread(true);
  number.values = std::move(top1);
  entry.numbers.push_back(std::move(number));
  return entry;
}

BaselineUpdate Because(const std::string& reason) {
  BaselineUpdate update;
  update.set_reason(reason);
  return update;
}

TEST(UpdateBaseline, SetsMeanAndSampleDeviation) {
  Baseline baseline;
  UpdateBaseline({Entry("ttq", {1, 2, 3, 4})}, true, Because("first"),
                 baseline);
  ASSERT_EQ(baseline.entries_size(), 1);
  EXPECT_EQ(baseline.entries(0).seeds(), 4u);
  const TrackedNumber& top1 = baseline.entries(0).numbers(0);
  EXPECT_DOUBLE_EQ(top1.mean(), 2.5);
  EXPECT_DOUBLE_EQ(top1.deviation(), std::sqrt(5.0 / 3));
  EXPECT_GT(baseline.false_alarms(), 0);
}

// Protects: reasons pile up, and how a number is judged stays as people set it.
TEST(UpdateBaseline, KeepsJudgementsAndReasons) {
  Baseline baseline;
  UpdateBaseline({Entry("ttq", {1, 2})}, true, Because("first"), baseline);
  baseline.mutable_entries(0)->mutable_numbers(0)->set_relative_tolerance(0.5);
  UpdateBaseline({Entry("ttq", {7, 7})}, true, Because("second"), baseline);
  const TrackedNumber& top1 = baseline.entries(0).numbers(0);
  EXPECT_EQ(top1.relative_tolerance(), 0.5);
  EXPECT_EQ(top1.mean(), 7);
  ASSERT_EQ(baseline.updates_size(), 2);
  EXPECT_EQ(baseline.updates(0).reason(), "first");
  EXPECT_EQ(baseline.updates(1).reason(), "second");
}

TEST(UpdateBaseline, OfAFolderReplacesAllOfARunItsOwn) {
  Baseline baseline;
  UpdateBaseline({Entry("ttq", {1, 2}), Entry("inq", {1, 2})}, true,
                 Because("first"), baseline);
  Baseline alone = baseline;
  UpdateBaseline({Entry("inq", {5})}, false, Because("one run"), alone);
  ASSERT_EQ(alone.entries_size(), 2);
  EXPECT_EQ(alone.entries(1).numbers(0).mean(), 5);
  EXPECT_FALSE(alone.entries(1).numbers(0).has_deviation());
  UpdateBaseline({Entry("inq", {5})}, true, Because("all"), baseline);
  EXPECT_EQ(baseline.entries_size(), 1);
}

TEST(UpdateBaseline, LeavesOutWhatIsNotTracked) {
  Baseline baseline;
  baseline.add_not_tracked("top1");
  UpdateBaseline({Entry("ttq", {1, 2})}, true, Because("first"), baseline);
  EXPECT_EQ(baseline.entries(0).numbers_size(), 0);
}

TEST(BaselineFile, ComesBackAsWritten) {
  const std::string path = JoinPath(testing::TempDir(), "comes_back.textproto");
  Baseline baseline;
  UpdateBaseline({Entry("ttq", {0.1, 2e-9 / 3})}, true, Because("\"why\"\n"),
                 baseline);
  ASSERT_TRUE(WriteBaseline(baseline, path).ok());
  const auto again = ReadBaseline(path);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), baseline.SerializeAsString());
}

TEST(BaselineFile, SaysWhereItIsWrong) {
  const std::string path = JoinPath(testing::TempDir(), "wrong.textproto");
  ASSERT_TRUE(
      WriteFileAtomically(path, "false_alarms: 0.1\nentrees { }\n").ok());
  const absl::Status status = ReadBaseline(path).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("wrong.textproto:2:"));
  EXPECT_TRUE(absl::IsNotFound(
      ReadBaseline(JoinPath(testing::TempDir(), "nothing")).status()));
}

}  // namespace
}  // namespace tritlab
