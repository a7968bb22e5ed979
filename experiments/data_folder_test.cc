// Protects: a run never writes to the folder that its images are in, which may
// be mounted read-only; and one that is resumed on other images than it began
// with is refused.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/watched_folder.h"
#include "datasets/jpeg_writer.h"
#include "experiments/runner.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "kernels/threads.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

class DataFolderTest : public testing::TestWithParam<const char*> {
 protected:
  DataFolderTest() {
    SetThreads(1);
    const std::string test =
        testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ =
        JoinPath(testing::TempDir(), absl::StrReplaceAll(test, {{"/", "_"}}));
    for (const char* split : {"train", "test"}) {
      for (const char* name : {"dark", "light"}) {
        const std::string of_class =
            absl::StrCat(folder_, "/images/", split, "/", name);
        EXPECT_TRUE(MakeDirectories(of_class).ok());
        for (int i = 0; i < 8; ++i) WriteImage(split, name, i, 10 * i);
      }
    }
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        R"(name: "data" seeds: 1 data_type: F32
           model { cifar_resnet { depth: 8 width: 2 } }
           phases {
             name: "start" epochs: 2 batch_size: 8 optimizer { sgd { } }
             schedule { learning_rate: 0.01 }
           })",
        &spec_));
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        GetParam(), spec_.mutable_dataset()));
  }

  void WriteImage(const char* split, const char* of_class, int number,
                  uint8_t blue) {
    const uint8_t grey = of_class == absl::string_view("dark") ? 50 : 200;
    EXPECT_TRUE(
        WriteFileAtomically(absl::StrCat(folder_, "/images/", split, "/",
                                         of_class, "/", number, ".jpg"),
                            PlainJpeg(32, 32, grey, grey, blue))
            .ok());
  }

  // Stops before the step of that number, counted from 0; -1: never.
  absl::Status RunUntil(int stop_at) {
    int asked = 0;
    return RunExperiment(spec_,
                         {.data_root = folder_,
                          .folder = JoinPath(folder_, "run"),
                          .resume = true,
                          .stop_requested = [&] { return asked++ == stop_at; }})
        .status();
  }

  std::string folder_;
  ExperimentSpec spec_;
};

// In memory, and decoded when they are needed.
INSTANTIATE_TEST_SUITE_P(
    , DataFolderTest,
    testing::Values(R"(name: "imagefolder" source: "images")",
                    R"(name: "imagefolder" source: "images"
                       resize { crop: 32 shorter_side: 32 })"));

TEST_P(DataFolderTest, NothingIsWrittenThere) {
  WatchedFolder watched(JoinPath(folder_, "images"));
  const absl::Status status = RunUntil(-1);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(watched.calls_for_room(), 0);
  watched.ForEachLossOfPower(
      [](const DiskState& state) { EXPECT_TRUE(state.files.empty()); });
}

TEST_P(DataFolderTest, ImagesThatHaveChangedAreRefused) {
  ASSERT_TRUE(absl::IsCancelled(RunUntil(1)));
  for (const char* split : {"train", "test"}) {
    const std::string image =
        absl::StrCat(folder_, "/images/", split, "/light/0.jpg");
    const std::string before = *ReadFile(image);
    // Another picture in a file of the same length.
    std::string changed = before;
    for (int blue = 1; blue < 256; ++blue) {
      WriteImage(split, "light", 0, static_cast<uint8_t>(blue));
      changed = *ReadFile(image);
      if (changed != before && changed.size() == before.size()) break;
    }
    ASSERT_NE(changed, before);
    ASSERT_EQ(changed.size(), before.size());
    const absl::Status status = RunUntil(-1);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("the run began with images of checksum"));
    ASSERT_TRUE(WriteFileAtomically(image, before).ok());
  }
  // As it was, it goes on.
  const absl::Status status = RunUntil(-1);
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace tritlab
