#include "experiments/stop_request.h"

#include <unistd.h>

#include <csignal>
#include <vector>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

// As a program is asked that has something to write a checkpoint of.
[[noreturn]] void AskedBy(const std::vector<int>& signals) {
  CatchStopRequests("the same command", /*speaks=*/true);
  MayStopAtOnce(false);
  for (const int signal : signals) raise(signal);
  _exit(StopRequested() ? 0 : 1);
}

// Protects: Ctrl-C ends a program that SIGTERM did not end fast enough, and
// SIGTERM one that Ctrl-C did not.
TEST(StopRequestTest, ASecondSignalEndsTheProgram) {
  for (const int first : {SIGINT, SIGTERM}) {
    for (const int second : {SIGINT, SIGTERM, SIGUSR1}) {
      EXPECT_EXIT(AskedBy({first, second}), testing::KilledBySignal(second),
                  "a second signal stops without one")
          << first << ", then " << second;
    }
  }
  EXPECT_EXIT(AskedBy({SIGUSR1, SIGUSR1}), testing::KilledBySignal(SIGUSR1),
              "");
}

// Protects: Slurm's SIGTERM behind its SIGUSR1 leaves the time for a
// checkpoint.
TEST(StopRequestTest, WhatASchedulerSendsAheadDoesNotCount) {
  for (const int second : {SIGINT, SIGTERM}) {
    EXPECT_EXIT(AskedBy({SIGUSR1, second}), testing::ExitedWithCode(0), "");
    EXPECT_EXIT(AskedBy({SIGUSR1, second, second}),
                testing::KilledBySignal(second), "");
  }
}

TEST(StopRequestTest, WithNothingToKeepTheFirstOneEndsIt) {
  EXPECT_EXIT(
      {
        CatchStopRequests("the same command", /*speaks=*/true);
        raise(SIGTERM);
      },
      testing::ExitedWithCode(130), "go on with: the same command");
}

}  // namespace
}  // namespace tritlab
