// Protects: a clock that is set while a run goes on (by hand, by NTP after a
// suspend) changes neither what it finds nor how long it says that it took.
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>

#include "absl/status/statusor.h"
#include "base/file.h"
#include "experiments/runner.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "kernels/threads.h"

namespace {
// Days that the clock on the wall is ahead; it moves at every look.
std::atomic<int> days_ahead = 0;
std::atomic<bool> jumps = false;
}  // namespace

// Takes the place of the C library's in the whole program.
extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const int result = static_cast<int>(syscall(SYS_clock_gettime, clock, now));
  if (jumps && clock == CLOCK_REALTIME) {
    days_ahead = days_ahead > 0 ? -3 : 3;
    now->tv_sec += days_ahead * 24 * 60 * 60;
  }
  return result;
}

namespace tritlab {
namespace {

absl::StatusOr<Report> Train(const std::string& name) {
  ExperimentSpec spec;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(name: "clock" seeds: 1 data_type: F32
         model { cifar_resnet { depth: 8 width: 2 } }
         dataset {
           name: "synthetic" synthetic { train_images: 32 test_images: 16 }
         }
         phases {
           name: "start" epochs: 3 batch_size: 16 optimizer { sgd { } }
           schedule { learning_rate: 0.01 }
         })",
      &spec));
  return RunExperiment(spec, {.folder = JoinPath(testing::TempDir(), name)});
}

TEST(ClockJumpsTest, OnlyTheDateOfTheStartIsTheWallsClock) {
  SetThreads(1);
  const auto straight = Train("straight");
  ASSERT_TRUE(straight.ok()) << straight.status();
  jumps = true;
  const auto before = std::chrono::system_clock::now();
  const auto after = std::chrono::system_clock::now();
  ASSERT_GT(std::chrono::abs(after - before), std::chrono::hours(24))
      << "the clock does not jump: the test shows nothing";
  const auto jumping = Train("jumping");
  jumps = false;
  ASSERT_TRUE(jumping.ok()) << jumping.status();
  const PhaseResult& phase = jumping->results(0);
  EXPECT_EQ(phase.top1(), straight->results(0).top1());
  EXPECT_EQ(phase.loss(), straight->results(0).loss());
  EXPECT_GT(phase.seconds(), 0);
  EXPECT_LT(phase.seconds(), 24 * 60 * 60);
  EXPECT_GT(phase.images_per_second(), 0);
  double seconds = 0;
  for (const EpochResult& epoch : phase.epochs()) {
    EXPECT_GE(epoch.seconds(), seconds);
    seconds = epoch.seconds();
  }
  EXPECT_EQ(phase.epochs_size(), 3);
}

}  // namespace
}  // namespace tritlab
