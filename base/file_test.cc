#include "base/file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// A folder of each test's own.
std::string TestFolder() {
  const std::string folder = JoinPath(
      testing::TempDir(),
      std::string("file_test_") +
          testing::UnitTest::GetInstance()->current_test_info()->name());
  EXPECT_TRUE(MakeDirectories(folder).ok());
  return folder;
}

// A disk that is full after `bytes` more bytes of a file, without a mount or
// root: the kernel refuses with EFBIG instead of ENOSPC.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_;
};

TEST(FileTest, WhatIsWrittenIsRead) {
  const std::string path = JoinPath(TestFolder(), "a");
  const std::string contents("zero\0byte", 9);
  ASSERT_TRUE(WriteFileAtomically(path, contents).ok());
  EXPECT_EQ(*ReadFile(path), contents);
  EXPECT_EQ(*FileSize(path), 9);
  ASSERT_TRUE(WriteFileAtomically(path, "shorter").ok());
  EXPECT_EQ(*ReadFile(path), "shorter");
}

TEST(FileTest, ASparseFileTakesNoMemory) {
  const std::string path = JoinPath(TestFolder(), "sparse");
  ASSERT_TRUE(WriteFileAtomically(path, "x").ok());
  if (truncate(path.c_str(), int64_t{1} << 43) != 0) {
    GTEST_SKIP() << "this file system has no files of 8 TB";
  }
  EXPECT_EQ(ReadFile(path).status().code(),
            absl::StatusCode::kResourceExhausted);
  remove(path.c_str());
}

TEST(FileTest, ABrokenLinkIsNeitherAFileNorNothing) {
  const std::string folder = TestFolder();
  const std::string path = JoinPath(folder, "link");
  EXPECT_FALSE(IsBrokenLink(path));
  ASSERT_EQ(symlink(JoinPath(folder, "target").c_str(), path.c_str()), 0);
  EXPECT_FALSE(FileExists(path));
  EXPECT_TRUE(IsBrokenLink(path));
  ASSERT_TRUE(WriteFileAtomically(JoinPath(folder, "target"), "x").ok());
  EXPECT_FALSE(IsBrokenLink(path));
}

TEST(FileTest, LargeFilesSurviveBuffering) {
  const std::string path = JoinPath(TestFolder(), "large");
  auto file = AtomicFile::Create(path);
  ASSERT_TRUE(file.ok()) << file.status();
  std::string expected;
  for (int size : {1, 1 << 20, 3, (1 << 20) - 4, 5 << 20, 0, 7}) {
    const std::string piece(size, static_cast<char>('a' + size % 26));
    expected += piece;
    ASSERT_TRUE((*file)->Append(piece).ok());
  }
  ASSERT_TRUE((*file)->Commit().ok());
  EXPECT_EQ(*ReadFile(path), expected);
}

TEST(FileTest, NothingAppearsWithoutCommit) {
  const std::string folder = TestFolder();
  const std::string path = JoinPath(folder, "a");
  {
    auto file = AtomicFile::Create(path);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->Append("half").ok());
    EXPECT_FALSE(FileExists(path));
  }
  EXPECT_THAT(*ListDirectory(folder), IsEmpty());
}

TEST(FileTest, AFullDiskLeavesTheOldFileAndNoPartialOne) {
  const std::string folder = TestFolder();
  const std::string path = JoinPath(folder, "a");
  ASSERT_TRUE(WriteFileAtomically(path, "old").ok());
  absl::Status status;
  {
    FileSizeLimit limit(4096);
    status = WriteFileAtomically(path, std::string(100000, 'x'));
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), StartsWith(path + ": "));
  EXPECT_THAT(std::string(status.message()), HasSubstr("free some"));
  EXPECT_EQ(*ReadFile(path), "old");
  EXPECT_THAT(*ListDirectory(folder), ElementsAre("a"));
}

TEST(FileTest, ErrorsStickUntilTheEnd) {
  const std::string path = JoinPath(TestFolder(), "a");
  auto file = AtomicFile::Create(path);
  ASSERT_TRUE(file.ok());
  {
    FileSizeLimit limit(10);
    EXPECT_FALSE((*file)->Append(std::string(2 << 20, 'x')).ok());
  }
  EXPECT_FALSE((*file)->Append("y").ok());
  EXPECT_FALSE((*file)->Commit().ok());
  EXPECT_FALSE(FileExists(path));
}

TEST(FileTest, NoSpaceIsNamedAsSuch) {
  // /dev/full answers every write with ENOSPC.
  const absl::Status status = FileError(ENOSPC, "/some/file", "cannot write");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(),
            "/some/file: cannot write: no space left on the disk; free some or "
            "choose another folder");
}

TEST(FileTest, WhatADeadWriterLeftIsOverwritten) {
  const std::string folder = TestFolder();
  const std::string path = JoinPath(folder, "a");
  ASSERT_TRUE(WriteFileAtomically(path + ".partial", "leftover").ok());
  ASSERT_TRUE(WriteFileAtomically(path, "new").ok());
  EXPECT_EQ(*ReadFile(path), "new");
  EXPECT_THAT(*ListDirectory(folder), ElementsAre("a"));
}

// Protects: a link that somebody has put there in time does not lead the bytes
// into another file, nor is that file emptied.
TEST(FileTest, ALinkInPlaceOfThePartialFileIsNotFollowed) {
  const std::string folder = TestFolder();
  const std::string path = JoinPath(folder, "a");
  const std::string elsewhere = JoinPath(folder, "elsewhere");
  ASSERT_TRUE(WriteFileAtomically(elsewhere, "precious").ok());
  for (const std::string& target : {elsewhere, JoinPath(folder, "nowhere")}) {
    ASSERT_EQ(symlink(target.c_str(), (path + ".partial").c_str()), 0);
    const absl::Status status = WriteFileAtomically(path, "x");
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_EQ(status.message(),
              path + ".partial: is not a regular file; remove it");
    ASSERT_EQ(unlink((path + ".partial").c_str()), 0);
  }
  EXPECT_EQ(*ReadFile(elsewhere), "precious");
  EXPECT_THAT(*ListDirectory(folder), ElementsAre("elsewhere"));
}

// Opening it would wait for somebody to read from it.
TEST(FileTest, APipeInPlaceOfThePartialFileIsRefused) {
  const std::string path = JoinPath(TestFolder(), "a");
  ASSERT_EQ(mkfifo((path + ".partial").c_str(), 0600), 0);
  const absl::Status status = WriteFileAtomically(path, "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_FALSE(FileExists(path));
}

TEST(FileTest, TwoWritersAtATimeAreRefused) {
  const std::string path = JoinPath(TestFolder(), "a");
  auto first = AtomicFile::Create(path);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(AtomicFile::Create(path).status().code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE((*first)->Append("first").ok());
  ASSERT_TRUE((*first)->Commit().ok());
  EXPECT_TRUE(AtomicFile::Create(path).ok());
  EXPECT_EQ(*ReadFile(path), "first");
}

TEST(FileTest, ErrorsNameThePath) {
  const std::string folder = TestFolder();
  const std::string missing = JoinPath(folder, "missing");
  EXPECT_EQ(ReadFile(missing).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(ReadFile(missing).status().message()),
              StartsWith(missing + ": "));
  EXPECT_EQ(ReadFile(folder).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(WriteFileAtomically(folder, "x").code(),
            absl::StatusCode::kInvalidArgument);
  const absl::Status nowhere = WriteFileAtomically(JoinPath(missing, "a"), "x");
  EXPECT_EQ(nowhere.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(nowhere.message()),
              StartsWith(JoinPath(missing, "a") + ": "));
  EXPECT_EQ(ListDirectory(missing).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_FALSE(FileSize(missing).ok());
}

TEST(FileTest, TheSizeLimitHolds) {
  const std::string path = JoinPath(TestFolder(), "a");
  ASSERT_TRUE(WriteFileAtomically(path, "12345").ok());
  EXPECT_TRUE(ReadFile(path, 5).ok());
  EXPECT_EQ(ReadFile(path, 4).status().code(),
            absl::StatusCode::kInvalidArgument);
  // Endless, and of size 0 by its own account.
  EXPECT_FALSE(ReadFile("/dev/zero", 100).ok());
}

TEST(FileTest, FoldersAreMadeAndListedInOrder) {
  const std::string folder = JoinPath(TestFolder(), "x/y/z");
  ASSERT_TRUE(MakeDirectories(folder).ok());
  ASSERT_TRUE(MakeDirectories(folder).ok());
  for (const char* name : {"b", "a", "c"}) {
    ASSERT_TRUE(WriteFileAtomically(JoinPath(folder, name), "").ok());
  }
  EXPECT_THAT(*ListDirectory(folder), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(IsDirectory(folder));
  EXPECT_FALSE(IsDirectory(JoinPath(folder, "a")));
  EXPECT_FALSE(MakeDirectories(JoinPath(folder, "a")).ok());
  EXPECT_FALSE(MakeDirectories(JoinPath(folder, "a/b")).ok());
}

TEST(FileTest, PathsFollowTheUser) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("a", "/b"), "/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  unsetenv("BUILD_WORKING_DIRECTORY");
  EXPECT_EQ(FromWorkingDirectory("b"), "b");
  setenv("BUILD_WORKING_DIRECTORY", "/home/user", 1);
  EXPECT_EQ(FromWorkingDirectory("b"), "/home/user/b");
  EXPECT_EQ(FromWorkingDirectory("/b"), "/b");
  EXPECT_EQ(FromWorkingDirectory(""), "");
  unsetenv("BUILD_WORKING_DIRECTORY");
}

// Also of a relative path of which nothing is there yet: a command that is
// printed must mean the same elsewhere.
TEST(FileTest, CanonicalPathsAreAbsolute) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(CanonicalPath("nothing/of/../it"),
            CanonicalPath(here) + "/nothing/it");
}

}  // namespace
}  // namespace tritlab
