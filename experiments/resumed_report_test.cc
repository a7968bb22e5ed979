// Protects: what a run has reported stays in its report when it is resumed: of
// a phase that is over while a later one is stopped, and of a whole run.
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "base/file.h"
#include "experiments/runner.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "kernels/threads.h"
#include "reports/report.pb.h"
#include "reports/report_json.h"

namespace tritlab {
namespace {

ExperimentSpec Spec() {
  ExperimentSpec spec;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
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
  return spec;
}

TEST(ResumedReportTest, KeepsWhatAFinishedPhaseHasMeasured) {
  SetThreads(1);
  const std::string folder = JoinPath(testing::TempDir(), "stopped");
  int asked = 0;
  const auto stopped = RunExperiment(
      Spec(),
      {.folder = folder, .stop_requested = [&] { return ++asked > 6; }});
  ASSERT_TRUE(absl::IsCancelled(stopped.status())) << stopped.status();
  ASSERT_TRUE(FileExists(JoinPath(folder, "report.json")))
      << "it was stopped in the first phase";
  const auto resumed =
      RunExperiment(Spec(), {.folder = folder, .resume = true});
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  ASSERT_EQ(resumed->results_size(), 2);
  EXPECT_GT(resumed->results(0).calibration(), 0);
  // Timed in part alone.
  EXPECT_EQ(resumed->results(1).calibration(), 0);
}

// As is resumed with a seed that was stopped, beside it.
TEST(ResumedReportTest, KeepsTheReportOfARunThatIsOver) {
  SetThreads(1);
  const std::string folder = JoinPath(testing::TempDir(), "over");
  const std::string report_path = JoinPath(folder, "report.json");
  const std::string model_path = JoinPath(folder, "model.trit");
  const auto over = RunExperiment(Spec(), {.folder = folder});
  ASSERT_TRUE(over.ok()) << over.status();
  // What `render --energy_costs` adds.
  Report rendered = *over;
  rendered.mutable_results(1)->add_energy()->set_process("mine");
  const auto json = ReportToJson(rendered);
  ASSERT_TRUE(json.ok()) << json.status();
  ASSERT_TRUE(WriteFileAtomically(report_path, *json).ok());
  const std::string model = ReadFile(model_path).value_or("");
  ASSERT_TRUE(WriteFileAtomically(model_path, "not packed again").ok());

  const auto resumed =
      RunExperiment(Spec(), {.folder = folder, .resume = true});
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_EQ(ReportToJson(*resumed).value_or(""), *json);
  EXPECT_EQ(ReadFile(report_path).value_or(""), *json);
  EXPECT_EQ(ReadFile(model_path).value_or(""), "not packed again");

  // What is not whole is made whole.
  const std::string page_path = JoinPath(folder, "report.html");
  std::filesystem::remove(page_path);
  ASSERT_TRUE(RunExperiment(Spec(), {.folder = folder, .resume = true}).ok());
  EXPECT_TRUE(FileExists(page_path));
  EXPECT_EQ(ReadFile(model_path).value_or("none"), model);
  std::filesystem::remove(model_path);
  ASSERT_TRUE(RunExperiment(Spec(), {.folder = folder, .resume = true}).ok());
  EXPECT_EQ(ReadFile(model_path).value_or("none"), model);

  // Nor is a report kept that is not of the phases that are there.
  ASSERT_TRUE(WriteFileAtomically(report_path, *json).ok());
  std::filesystem::remove(JoinPath(folder, "checkpoints/first.ckpt"));
  const auto trained =
      RunExperiment(Spec(), {.folder = folder, .resume = true});
  ASSERT_TRUE(trained.ok()) << trained.status();
  EXPECT_NE(ReportToJson(*trained).value_or(""), *json);
}

}  // namespace
}  // namespace tritlab
