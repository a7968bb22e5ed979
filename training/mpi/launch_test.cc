#include "training/mpi/launch.h"

#include <cstdlib>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

constexpr const char* kNames[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
                                  "SLURM_STEP_NUM_TASKS"};

// N copies of a program that does not know of each other would write one
// folder: whoever starts them must be recognized.
TEST(LaunchTest, EachLauncherIsRecognized) {
  for (const char* name : kNames) unsetenv(name);
  EXPECT_EQ(LaunchedRanks(), 1);
  for (const char* name : kNames) {
    setenv(name, "4", 1);
    EXPECT_EQ(LaunchedRanks(), 4) << name;
    setenv(name, "1", 1);
    EXPECT_EQ(LaunchedRanks(), 1) << name;
    setenv(name, "none", 1);
    EXPECT_EQ(LaunchedRanks(), 1) << name;
    setenv(name, "4", 1);
    ForgetLaunch();
    EXPECT_EQ(LaunchedRanks(), 1) << name;
  }
}

}  // namespace
}  // namespace tritlab
