// Protects: a run whose machine loses power, or whose disk is full, at any
// moment from the making of its folder to the end of its report, can be
// resumed, and then ends with the same bits as one that was never disturbed.
#include <algorithm>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/record_file.h"
#include "base/watched_folder.h"
#include "experiments/run_folder.h"
#include "experiments/runner.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "kernels/threads.h"
#include "models/checkpoint.h"
#include "training/metrics.h"
#include "training/tensorboard.pb.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

constexpr int kFaults = 16;  // spread over the run

ExperimentSpec Spec() {
  ExperimentSpec spec;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(name: "faults" seeds: 1 data_type: F32
         model { cifar_resnet { depth: 8 width: 2 } }
         dataset {
           name: "synthetic" synthetic { train_images: 32 test_images: 16 }
         }
         phases {
           name: "start" epochs: 2 batch_size: 16 optimizer { sgd { } }
           schedule { learning_rate: 0.01 }
         }
         phases {
           name: "ttq" starts_from: "start" epochs: 1 batch_size: 16
           optimizer { sgd { momentum: 0.9 } } schedule { learning_rate: 0.01 }
           policy { rules { layers: "*" quantizer { ttq { } } } }
         })",
      &spec));
  return spec;
}

// The run's folder is in the watched one, which must be empty before.
absl::StatusOr<Report> Train(const std::string& watched) {
  return RunExperiment(Spec(), {.folder = JoinPath(watched, "run"),
                                .resume = true,
                                .checkpoint_seconds = 0});
}

// All that a run leaves but the time it took, by file.
std::map<std::string, std::string> Outcome(const std::string& watched,
                                           Report report) {
  std::map<std::string, std::string> outcome;
  const std::string folder = JoinPath(watched, "run");
  report.clear_provenance();
  report.clear_measured_energy();
  for (PhaseResult& phase : *report.mutable_results()) {
    phase.clear_seconds();
    phase.clear_images_per_second();
    phase.clear_calibration();
    for (EpochResult& epoch : *phase.mutable_epochs()) epoch.clear_seconds();
  }
  outcome["report"] = report.DebugString();
  outcome["model"] = ReadFile(JoinPath(folder, "model.trit")).value_or("none");
  for (const char* phase : {"start", "ttq"}) {
    const auto checkpoint = ReadCheckpoint(CheckpointIn(folder, phase));
    EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
    if (!checkpoint.ok()) continue;
    for (const auto& [name, values] : checkpoint->tensors) {
      outcome[absl::StrCat(phase, "/", name)] =
          std::string(reinterpret_cast<const char*>(values.data()),
                      values.size() * sizeof(float));
    }
  }
  const auto events =
      RecordReader::Open(JoinPath(folder, MetricsWriter::kEventsName));
  EXPECT_TRUE(events.ok()) << events.status();
  std::string record;
  while (events.ok() && (*events)->Next(&record).value_or(false)) {
    tensorboard::Event event;
    EXPECT_TRUE(event.ParseFromString(record));
    event.clear_wall_time();
    outcome["events"] += event.ShortDebugString() + "\n";
  }
  return outcome;
}

class DiskFaultsTest : public testing::Test {
 protected:
  DiskFaultsTest() {
    SetThreads(1);  // so small a network gains nothing by more
    EXPECT_TRUE(MakeDirectories(folder_).ok());
  }
  // What differs, by name: the values are long.
  static std::string Difference(
      const std::map<std::string, std::string>& wanted,
      const std::map<std::string, std::string>& got) {
    std::string different;
    for (const auto& [name, value] : wanted) {
      const auto at = got.find(name);
      if (at == got.end() || at->second != value)
        absl::StrAppend(&different, name, " ");
    }
    return different;
  }

  const std::string folder_ =
      JoinPath(testing::TempDir(),
               testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(DiskFaultsTest, ALossOfPower) {
  WatchedFolder watched(folder_);
  const auto report = Train(folder_);
  ASSERT_TRUE(report.ok()) << report.status();
  const auto undisturbed = Outcome(folder_, *report);
  ASSERT_GT(undisturbed.size(), 20u);
  int states = 0;
  watched.ForEachLossOfPower([&](const DiskState&) { ++states; });
  ASSERT_GT(states, 10 * kFaults);
  const std::string after = folder_ + ".after";
  int state_number = 0;
  watched.ForEachLossOfPower([&](const DiskState& state) {
    // A prime distance, not to meet the same call of each file every time.
    if (state_number++ % (states / kFaults | 1) != 0) return;
    state.WriteTo(after);
    const auto resumed = Train(after);
    ASSERT_TRUE(resumed.ok()) << state_number << ": " << resumed.status();
    EXPECT_EQ(Difference(undisturbed, Outcome(after, *resumed)), "")
        << state_number;
  });
}

TEST_F(DiskFaultsTest, AFullDisk) {
  const std::string undisturbed_folder = JoinPath(folder_, "undisturbed");
  const std::string full = JoinPath(folder_, "full");
  ASSERT_TRUE(MakeDirectories(undisturbed_folder).ok());
  ASSERT_TRUE(MakeDirectories(full).ok());
  int64_t calls = 0;
  std::map<std::string, std::string> undisturbed;
  {
    WatchedFolder watched(undisturbed_folder);
    const auto report = Train(undisturbed_folder);
    ASSERT_TRUE(report.ok()) << report.status();
    undisturbed = Outcome(undisturbed_folder, *report);
    calls = watched.calls_for_room();
  }
  // One run that meets a full disk again and again, ever further on.
  WatchedFolder watched(full);
  int refused = 0;
  while (true) {
    watched.FillUpAfter(2 + calls / kFaults * (refused + 1) / 2);
    const auto report = Train(full);
    watched.Empty();
    if (report.ok()) {
      EXPECT_EQ(Difference(undisturbed, Outcome(full, *report)), "");
      break;
    }
    ++refused;
    ASSERT_TRUE(absl::IsResourceExhausted(report.status())) << report.status();
    EXPECT_THAT(std::string(report.status().message()),
                HasSubstr("no space left on the disk"));
    ASSERT_LT(refused, 10 * kFaults) << "it never ends";
  }
  EXPECT_GT(refused, 3);
}

}  // namespace
}  // namespace tritlab
