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
    for (const int second : {SIGINT, SIGTERM}) {
      EXPECT_EXIT(AskedBy({first, second}), testing::KilledBySignal(second),
                  "a second signal stops without one")
          << first << ", then " << second;
      EXPECT_EXIT(AskedBy({SIGUSR1, first, SIGUSR1, second}),
                  testing::KilledBySignal(second), "");
    }
  }
}

// Protects: a scheduler's SIGTERM behind its SIGUSR1, and a sweep's SIGUSR1
// behind a SIGTERM for all processes, leave the time for a checkpoint.
TEST(StopRequestTest, Sigusr1CostsNoCheckpoint) {
  EXPECT_EXIT(AskedBy({SIGUSR1, SIGUSR1, SIGTERM}), testing::ExitedWithCode(0),
              "stopping, with a checkpoint");
  EXPECT_EXIT(AskedBy({SIGTERM, SIGUSR1}), testing::ExitedWithCode(0), "");
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
