#include "reports/runs/find_runs.h"

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class FindRunsTest : public testing::Test {
 protected:
  FindRunsTest()
      : folder_(JoinPath(
            testing::TempDir(),
            testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(folder_);
    EXPECT_TRUE(MakeDirectories(folder_).ok());
  }

  void Write(const std::string& name, const std::string& contents) {
    const std::string path = JoinPath(folder_, name);
    ASSERT_TRUE(
        MakeDirectories(std::filesystem::path(path).parent_path().string())
            .ok());
    ASSERT_TRUE(WriteFileAtomically(path, contents).ok());
  }
  void WriteRun(const std::string& folder) {
    Write(folder + "/report.json", "{\"provenance\": {\"seed\": 3}}");
  }

  const std::string folder_;
};

TEST_F(FindRunsTest, BelowTheFolderInOrder) {
  WriteRun("b10");
  WriteRun("b9/deep");
  WriteRun("a");
  WriteRun("a/checkpoints");  // no place for runs
  WriteRun(".");
  const auto found = FindRuns(folder_);
  ASSERT_TRUE(found.ok()) << found.status();
  std::vector<std::string> folders;
  for (const FoundRun& run : found->runs) folders.push_back(run.folder);
  EXPECT_THAT(folders, ElementsAre(".", "a", "b9/deep", "b10"));
  EXPECT_EQ(found->runs[1].report.provenance().seed(), 3u);
  EXPECT_FALSE(found->runs[1].in_sweep);
  EXPECT_THAT(found->missing, IsEmpty());
}

// Protects: the seeds of one point stay together, and values rise.
TEST_F(FindRunsTest, NumbersAreOrderedByValue) {
  for (const char* t : {"0.1", "0.15", "0.2", "0.01", "0.02"}) {
    for (const char* seed : {"2", "1"}) {
      WriteRun(std::string("points/t=") + t + "/seed-" + seed);
    }
  }
  const auto found = FindRuns(folder_);
  ASSERT_TRUE(found.ok()) << found.status();
  std::string order;
  for (const FoundRun& run : found->runs)
    order += run.axes[0].value + run.folder.substr(run.folder.size() - 2) + " ";
  EXPECT_EQ(order,
            "0.01-1 0.01-2 0.02-1 0.02-2 0.1-1 0.1-2 0.15-1 0.15-2 0.2-1 "
            "0.2-2 ");
}

// Protects: a run that cannot be read does not hide the others.
TEST_F(FindRunsTest, DamagedOnesAreNamed) {
  WriteRun("a");
  Write("b/report.json", "{\"prov");
  const auto found = FindRuns(folder_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->runs.size(), 1u);
  EXPECT_THAT(found->missing, ElementsAre(HasSubstr("b/report.json")));
}

TEST_F(FindRunsTest, NothingThereIsNotFound) {
  EXPECT_EQ(FindRuns(folder_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(FindRuns(JoinPath(folder_, "none")).status().code(),
            absl::StatusCode::kNotFound);
  Write("b/report.json", "{\"prov");
  EXPECT_THAT(std::string(FindRuns(folder_).status().message()),
              HasSubstr("b/report.json"));
}

// Protects: what //experiments:sweep writes is understood: axes by name, values
// as they are shown, seeds of one point together, points that failed.
TEST_F(FindRunsTest, PointsOfSweeps) {
  WriteRun("s/points/portions=0.5_1,bits=5/seed-1");
  WriteRun("s/points/portions=0.5_1,bits=5/seed-2");
  WriteRun("s/points/portions=1,bits=5");
  WriteRun("s/shared/full_precision-0123");
  Write("s/sweep.csv",
        "portions,bits,phase,status,seeds,top1\n"
        "\"0.5, 1\",5,inq,done,2,86\n"
        "1,5,inq,done,1,85\n"
        "1,3,,failed,0,\n");
  const auto found = FindRuns(folder_);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->runs.size(), 4u);
  for (int i : {0, 1}) {
    const FoundRun& run = found->runs[i];
    EXPECT_TRUE(run.in_sweep);
    EXPECT_EQ(run.sweep, "s");
    EXPECT_EQ(run.point, "s/points/portions=0.5_1,bits=5");
    ASSERT_EQ(run.axes.size(), 2u);
    EXPECT_EQ(run.axes[0].axis, "portions");
    EXPECT_EQ(run.axes[0].value, "0.5, 1");
    EXPECT_EQ(run.axes[1].value, "5");
  }
  EXPECT_EQ(found->runs[2].axes[0].value, "1");
  EXPECT_FALSE(found->runs[3].in_sweep);
  EXPECT_THAT(found->missing, ElementsAre("s: portions=1, bits=3: failed"));
}

// Protects: points whose values differ in signs alone keep their own.
TEST_F(FindRunsTest, ValuesThatAreAlikeKeepTheirLabels) {
  WriteRun("points/epochs=4_8");
  WriteRun("points/epochs=48");
  WriteRun("points/epochs=0.5_1");
  WriteRun("points/epochs=0.51");
  Write("sweep.csv",
        "epochs,phase,status,seeds\n\"4, 8\",ttq,done,1\n48,ttq,done,1\n"
        "\"0.5, 1\",ttq,done,1\n0.51,ttq,done,1\n");
  const auto found = FindRuns(folder_);
  ASSERT_TRUE(found.ok()) << found.status();
  std::vector<std::string> shown;
  for (const FoundRun& run : found->runs)
    shown.push_back(run.folder + " " + run.axes[0].value);
  EXPECT_THAT(shown, UnorderedElementsAre("points/epochs=4_8 4, 8",
                                          "points/epochs=48 48",
                                          "points/epochs=0.5_1 0.5, 1",
                                          "points/epochs=0.51 0.51"));
}

// Protects: the seeds of one run, searched from its own folder, are one row.
TEST_F(FindRunsTest, SeedsOfOneRun) {
  WriteRun("seed-1");
  WriteRun("seed-2");
  const auto found = FindRuns(folder_);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->runs.size(), 2u);
  EXPECT_EQ(found->runs[0].folder, "seed-1");
  for (const FoundRun& run : found->runs) EXPECT_EQ(run.point, ".");
}

// Protects: a sweep that is not over yet, and the sweep's folder itself.
TEST_F(FindRunsTest, PointsWithoutTheTable) {
  WriteRun("points/t=0.05");
  const auto found = FindRuns(folder_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->runs[0].sweep, ".");
  EXPECT_EQ(found->runs[0].axes[0].axis, "t");
  EXPECT_EQ(found->runs[0].axes[0].value, "0.05");
  EXPECT_THAT(found->missing,
              ElementsAre("sweep.csv is not there: the sweep is not over"));
}

// Protects: a sweep that was stopped in the starts that its points share.
TEST_F(FindRunsTest, SweepsWithoutAPoint) {
  WriteRun("s/shared/full_precision-0123");
  Write("s/sweep.textproto", "");
  const auto found = FindRuns(folder_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->runs.size(), 1u);
  EXPECT_THAT(found->missing,
              ElementsAre("s: sweep.csv is not there: the sweep is not over"));
  Write("s/sweep.csv", "t,top1\n");
  EXPECT_THAT(FindRuns(folder_)->missing, ElementsAre(HasSubstr("not a")));
}

// Protects: a report that is written after an early phase is no finished run's.
TEST(IsOver, AfterTheLastPhaseOnly) {
  FoundRun run;
  EXPECT_FALSE(IsOver(run));
  run.report.add_results()->set_name("full_precision");
  EXPECT_FALSE(IsOver(run));
  run.report.add_results()->set_name("ttq");
  run.report.mutable_model_file()->set_phase("ttq");
  EXPECT_TRUE(IsOver(run));
  run.report.add_results()->set_name("more");
  EXPECT_FALSE(IsOver(run));
}

}  // namespace
}  // namespace tritlab
