#include "models/newest_checkpoint.h"

#include <cmath>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "base/file.h"
#include "base/watched_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

Graph Network() {
  Graph graph;
  graph.set_name("tiny");
  return graph;
}

// All that it holds tells which one it is.
Checkpoint Numbered(int number) {
  Checkpoint checkpoint;
  checkpoint.graph = Network();
  checkpoint.tensors["weights"] = std::vector<float>(100, number);
  checkpoint.position = std::to_string(number);
  return checkpoint;
}

// -1: there is none to go on from.
int NumberOf(const absl::StatusOr<Checkpoint>& checkpoint) {
  if (absl::IsNotFound(checkpoint.status())) return -1;
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
  int number = -1;
  EXPECT_TRUE(absl::SimpleAtoi(checkpoint->position, &number));
  EXPECT_EQ(checkpoint->tensors.at("weights"), std::vector<float>(100, number));
  return number;
}

// An empty folder of the test's own.
std::string TestFolder() {
  const std::string folder =
      JoinPath(testing::TempDir(),
               testing::UnitTest::GetInstance()->current_test_info()->name());
  EXPECT_TRUE(MakeDirectories(folder).ok());
  return folder;
}

// Protects: whenever the power goes, the last checkpoint that was written, or
// the one under way, can be read, and nothing else is taken for it.
TEST(NewestCheckpointTest, ALossOfPowerLosesNothing) {
  const std::string folder = TestFolder();
  WatchedFolder watched(folder);
  const std::string path = JoinPath(folder, "a.ckpt");
  constexpr int kWritten = 4;
  for (int i = 0; i < kWritten; ++i) {
    ASSERT_TRUE(WriteNewestCheckpoint(Numbered(i), path).ok());
    watched.Mark();
  }
  const std::string after = folder + ".after";
  int states = 0;
  watched.ForEachLossOfPower([&](const DiskState& state) {
    ++states;
    state.WriteTo(after);
    const std::string left = JoinPath(after, "a.ckpt");
    const int number = NumberOf(ReadNewestCheckpoint(left, Network()));
    EXPECT_GE(number, state.marks - 1);
    EXPECT_LE(number, state.marks);
    // Going on from there works, and a second loss of power is none the worse.
    ASSERT_TRUE(WriteNewestCheckpoint(Numbered(number + 1), left).ok());
    EXPECT_EQ(NumberOf(ReadNewestCheckpoint(left, Network())), number + 1);
  });
  EXPECT_GT(states, 4 * kWritten);
}

// Protects: at whatever call the disk turns out to be full, the error says so
// and the checkpoint before is still there; with room again, work goes on.
TEST(NewestCheckpointTest, AFullDiskLosesNothing) {
  const std::string folder = TestFolder();
  WatchedFolder watched(folder);
  const std::string path = JoinPath(folder, "a.ckpt");
  ASSERT_TRUE(WriteNewestCheckpoint(Numbered(0), path).ok());
  const int64_t calls = watched.calls_for_room();
  ASSERT_TRUE(WriteNewestCheckpoint(Numbered(1), path).ok());
  for (int64_t room = 0; room < calls; ++room) {
    watched.FillUpAfter(room);
    const absl::Status status = WriteNewestCheckpoint(Numbered(2), path);
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("a.ckpt: cannot "));
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("no space left on the disk"));
    EXPECT_EQ(NumberOf(ReadNewestCheckpoint(path, Network())), 1);
    EXPECT_EQ(NumberOf(ReadCheckpoint(path + ".previous", Network())), 0);
    watched.Empty();
  }
  ASSERT_TRUE(WriteNewestCheckpoint(Numbered(2), path).ok());
  EXPECT_EQ(NumberOf(ReadNewestCheckpoint(path, Network())), 2);
}

// Protects: a good checkpoint from one that nothing could go on from.
TEST(NewestCheckpointTest, ValuesThatAreNotFiniteAreNotWritten) {
  const std::string path = JoinPath(TestFolder(), "a.ckpt");
  ASSERT_TRUE(WriteNewestCheckpoint(Numbered(0), path).ok());
  for (const float bad : {NAN, INFINITY}) {
    Checkpoint broken = Numbered(1);
    broken.tensors["weights"][99] = bad;
    const absl::Status status = WriteNewestCheckpoint(broken, path);
    EXPECT_TRUE(absl::IsAborted(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("weights has values"));
    EXPECT_EQ(NumberOf(ReadNewestCheckpoint(path, Network())), 0);
  }
}

// Protects: a damaged checkpoint is passed over for the one before it, and is
// out of the way of the next.
TEST(NewestCheckpointTest, ADamagedOneNeverPushesOutAGoodOne) {
  const std::string path = JoinPath(TestFolder(), "a.ckpt");
  ASSERT_TRUE(WriteNewestCheckpoint(Numbered(0), path).ok());
  ASSERT_TRUE(WriteNewestCheckpoint(Numbered(1), path).ok());
  const std::string whole = *ReadFile(path);
  for (size_t size = 0; size < whole.size(); size += 97) {
    ASSERT_TRUE(WriteFileAtomically(path, whole.substr(0, size)).ok());
    EXPECT_EQ(NumberOf(ReadNewestCheckpoint(path, Network())), 0) << size;
    EXPECT_FALSE(FileExists(path));
    EXPECT_TRUE(FileExists(path + ".damaged"));
  }
  ASSERT_TRUE(WriteNewestCheckpoint(Numbered(2), path).ok());
  EXPECT_EQ(NumberOf(ReadNewestCheckpoint(path, Network())), 2);
  EXPECT_EQ(NumberOf(ReadCheckpoint(path + ".previous", Network())), 0);
  // Two that cannot be read are an error, never a silent new beginning.
  ASSERT_TRUE(WriteFileAtomically(path, "x").ok());
  ASSERT_TRUE(WriteFileAtomically(path + ".previous", "x").ok());
  const absl::Status status = ReadNewestCheckpoint(path, Network()).status();
  EXPECT_FALSE(status.ok() || absl::IsNotFound(status)) << status;
}

}  // namespace
}  // namespace tritlab
