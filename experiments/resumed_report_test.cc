// Protects: what a run has reported of a phase that is over stays in its report
// when a later phase is stopped and resumed.
#include <string>

#include "base/file.h"
#include "experiments/runner.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "kernels/threads.h"

namespace tritlab {
namespace {

TEST(ResumedReportTest, KeepsWhatAFinishedPhaseHasMeasured) {
  SetThreads(1);
  ExperimentSpec spec;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(name: "two_phases" seeds: 1 data_type: F32
         model { cifar_resnet { depth: 8 width: 2 } }
         dataset {
           name: "synthetic" synthetic { train_images: 32 test_images: 16 }
         }
         phases {
           name: "first" epochs: 1 batch_size: 16 optimizer { sgd { } }
           schedule { learning_rate: 0.01 }
         }
         phases {
           name: "second" starts_from: "first" epochs: 4 batch_size: 16
           optimizer { sgd { } } schedule { learning_rate: 0.01 }
         })",
      &spec));
  const std::string folder = JoinPath(testing::TempDir(), "run");
  int asked = 0;
  const auto stopped = RunExperiment(
      spec, {.folder = folder, .stop_requested = [&] { return ++asked > 6; }});
  ASSERT_TRUE(absl::IsCancelled(stopped.status())) << stopped.status();
  ASSERT_TRUE(FileExists(JoinPath(folder, "report.json")))
      << "it was stopped in the first phase";
  const auto resumed = RunExperiment(spec, {.folder = folder, .resume = true});
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  ASSERT_EQ(resumed->results_size(), 2);
  EXPECT_GT(resumed->results(0).calibration(), 0);
  // Timed in part alone.
  EXPECT_EQ(resumed->results(1).calibration(), 0);
}

}  // namespace
}  // namespace tritlab
