#include "experiments/resume_command.h"

#include <cstdlib>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

class ResumeCommandTest : public testing::Test {
 protected:
  ResumeCommandTest() { unsetenv("BUILD_WORKSPACE_DIRECTORY"); }
};

TEST_F(ResumeCommandTest, FlagsAreKeptAndWhatWasOpenIsSaid) {
  EXPECT_EQ(ResumeCommand({{"bin/run", "--spec", "a.textproto", "--set",
                            "phases.ttq.epochs=3", "--strict"},
                           "/specs/a.textproto",
                           "/runs/a-2",
                           "/data",
                           "",
                           4}),
            "bin/run --set phases.ttq.epochs=3 --strict "
            "--spec=/specs/a.textproto --data_root=/data "
            "--output_dir=/runs/a-2 --threads=4 --resume");
}

// One that was resumed before is not told twice, and a shell reads what was
// meant.
TEST_F(ResumeCommandTest, ItCanBeGivenAgainAndAgain) {
  const StoppedRun run{
      {"run", "--resume", "--threads=2", "--output_dir=b c", "--data_root", "d",
       "--set", "description=it's", "--shared_phases=s"},
      "/a.textproto",
      "/b c",
      "/x/d",
      "/x/s",
      2};
  EXPECT_EQ(ResumeCommand(run),
            "run --set 'description=it'\\''s' --spec=/a.textproto "
            "--data_root=/x/d '--output_dir=/b c' --shared_phases=/x/s "
            "--threads=2 --resume");
}

TEST_F(ResumeCommandTest, AsItWasStarted) {
  const StoppedRun run{{"run"}, "/a", "/b", "/d", "", 1};
  setenv("BUILD_WORKSPACE_DIRECTORY", "/workspace", 1);
  EXPECT_EQ(ResumeCommand(run),
            "bazel run //experiments:run -- --spec=/a --data_root=/d "
            "--output_dir=/b --threads=1 --resume");
}

}  // namespace
}  // namespace tritlab
