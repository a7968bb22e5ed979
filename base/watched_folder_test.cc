#include "base/watched_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::UnorderedElementsAre;

class WatchedFolderTest : public testing::Test {
 protected:
  WatchedFolderTest()
      : folder_(testing::TempDir() + "/watched_" +
                testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  std::string Path(const std::string& name) const {
    return folder_ + "/" + name;
  }
  void Write(const std::string& name, const std::string& text, bool flush) {
    const int file = open(Path(name).c_str(), O_WRONLY | O_CREAT, 0644);
    ASSERT_GE(file, 0);
    ASSERT_EQ(write(file, text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
    if (flush) {
      ASSERT_EQ(fsync(file), 0);
    }
    close(file);
  }
  void FlushFolder() {
    const int folder = open(folder_.c_str(), O_RDONLY | O_DIRECTORY);
    ASSERT_GE(folder, 0);
    ASSERT_EQ(fsync(folder), 0);
    close(folder);
  }
  // What the states after the last Mark show of the file; "none" without it.
  static std::set<std::string> Contents(const WatchedFolder& watched,
                                        const std::string& name,
                                        int64_t marks) {
    std::set<std::string> contents;
    watched.ForEachLossOfPower([&](const DiskState& state) {
      if (state.marks < marks) return;
      const auto file = state.files.find(name);
      contents.insert(file == state.files.end() ? "none" : file->second);
    });
    return contents;
  }

  const std::string folder_;
};

// Without a flush everything may be gone, whole, in part, or zeros.
TEST_F(WatchedFolderTest, WhatIsNotFlushedMayBeAnything) {
  WatchedFolder watched(folder_);
  Write("a", "abcd", /*flush=*/false);
  watched.Mark();
  EXPECT_THAT(
      Contents(watched, "a", 1),
      UnorderedElementsAre("none", "abcd", "", "ab", std::string(4, '\0')));
}

TEST_F(WatchedFolderTest, AFlushedFileMayStillLoseItsName) {
  WatchedFolder watched(folder_);
  Write("a", "abcd", /*flush=*/true);
  watched.Mark();
  EXPECT_THAT(Contents(watched, "a", 1), UnorderedElementsAre("none", "abcd"));
  FlushFolder();
  watched.Mark();
  EXPECT_THAT(Contents(watched, "a", 2), UnorderedElementsAre("abcd"));
}

// The classic mistake: renamed over the old file before the bytes are flushed.
TEST_F(WatchedFolderTest, ARenameMayComeBeforeTheBytes) {
  WatchedFolder watched(folder_);
  Write("a", "old!", /*flush=*/true);
  FlushFolder();
  Write("b", "new!", /*flush=*/false);
  ASSERT_EQ(rename(Path("b").c_str(), Path("a").c_str()), 0);
  watched.Mark();
  EXPECT_THAT(
      Contents(watched, "a", 1),
      UnorderedElementsAre("old!", "new!", "", "ne", std::string(4, '\0')));
}

// What is cut off or removed may be back, until that is flushed.
TEST_F(WatchedFolderTest, ACutMayBeLost) {
  WatchedFolder watched(folder_);
  Write("a", "abcd", /*flush=*/true);
  FlushFolder();
  const int file = open(Path("a").c_str(), O_WRONLY);
  ASSERT_GE(file, 0);
  ASSERT_EQ(ftruncate(file, 2), 0);
  watched.Mark();
  EXPECT_THAT(Contents(watched, "a", 1), UnorderedElementsAre("abcd", "ab"));
  ASSERT_EQ(fsync(file), 0);
  close(file);
  watched.Mark();
  EXPECT_THAT(Contents(watched, "a", 2), UnorderedElementsAre("ab"));
}

TEST_F(WatchedFolderTest, ARemovalMayBeLost) {
  WatchedFolder watched(folder_);
  Write("a", "abcd", /*flush=*/true);
  FlushFolder();
  ASSERT_EQ(unlink(Path("a").c_str()), 0);
  watched.Mark();
  EXPECT_THAT(Contents(watched, "a", 1), UnorderedElementsAre("abcd", "none"));
  FlushFolder();
  watched.Mark();
  EXPECT_THAT(Contents(watched, "a", 2), UnorderedElementsAre("none"));
}

TEST_F(WatchedFolderTest, AStateCanBeMade) {
  WatchedFolder watched(folder_);
  ASSERT_EQ(mkdir(Path("below").c_str(), 0755), 0);
  Write("below/a", "abcd", /*flush=*/true);
  int there = 0;
  watched.ForEachLossOfPower([&](const DiskState& state) {
    const std::string made = testing::TempDir() + "/made";
    state.WriteTo(made);
    EXPECT_EQ(std::filesystem::exists(made + "/below/a"),
              state.files.count("below/a") == 1);
    there += std::filesystem::exists(made + "/below/a");
  });
  EXPECT_GT(there, 0);
}

TEST_F(WatchedFolderTest, AFullDiskRefusesWhatNeedsRoom) {
  WatchedFolder watched(folder_);
  Write("a", "abcd", /*flush=*/false);
  EXPECT_EQ(watched.calls_for_room(), 2);
  watched.FillUpAfter(1);
  const int file = open(Path("b").c_str(), O_WRONLY | O_CREAT, 0644);
  EXPECT_GE(file, 0);
  EXPECT_EQ(write(file, "x", 1), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(mkdir(Path("c").c_str(), 0755), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(rename(Path("b").c_str(), Path("d").c_str()), 0);
  watched.Empty();
  EXPECT_EQ(write(file, "x", 1), 1);
  close(file);
}

}  // namespace
}  // namespace tritlab
