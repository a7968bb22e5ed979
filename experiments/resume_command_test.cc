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
                           4}),
            "bin/run --set phases.ttq.epochs=3 --strict "
            "--spec=/specs/a.textproto --output_dir=/runs/a-2 --threads=4 "
            "--resume");
}

// One that was resumed before is not told twice, and a shell reads what was
// meant.
TEST_F(ResumeCommandTest, ItCanBeGivenAgainAndAgain) {
  const StoppedRun run{{"run", "--resume", "--threads=2", "--output_dir=b c",
                        "--set", "description=it's"},
                       "/a.textproto",
                       "/b c",
                       2};
  EXPECT_EQ(ResumeCommand(run),
            "run --set 'description=it'\\''s' --spec=/a.textproto "
            "'--output_dir=/b c' --threads=2 --resume");
}

TEST_F(ResumeCommandTest, AsItWasStarted) {
  const StoppedRun run{{"run"}, "/a", "/b", 1};
  setenv("BUILD_WORKSPACE_DIRECTORY", "/workspace", 1);
  EXPECT_EQ(ResumeCommand(run),
            "bazel run //experiments:run -- --spec=/a --output_dir=/b "
            "--threads=1 --resume");
}

}  // namespace
}  // namespace tritlab
