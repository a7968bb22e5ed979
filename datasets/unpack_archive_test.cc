#include "datasets/unpack_archive.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "datasets/tar_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class UnpackArchiveTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = JoinPath(
        testing::TempDir(),
        absl::StrCat(
            "unpack_",
            testing::UnitTest::GetInstance()->current_test_info()->name()));
    ASSERT_TRUE(MakeDirectories(folder_).ok());
  }
  absl::Status Unpack(const TarFiles& files, int64_t max_bytes = 1000) {
    const std::string archive = JoinPath(folder_, "archive.tar.gz");
    EXPECT_TRUE(WriteFileAtomically(archive, MakeTar(files, true)).ok());
    return UnpackArchive(archive, "set", folder_, max_bytes);
  }
  // Nothing is there but the archive, inside or outside the folder.
  void ExpectRefused(const TarFiles& files, const std::string& what) {
    const absl::Status status = Unpack(files);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(what));
    EXPECT_THAT(ListDirectory(folder_).value(), ElementsAre("archive.tar.gz"));
  }
  std::string folder_;
};

TEST_F(UnpackArchiveTest, FilesAndFolders) {
  const absl::Status status = Unpack({{"./", ""},
                                      {"set/", ""},
                                      {"set/a", "one"},
                                      {"./set/inner/b", "two"},
                                      {"set/empty/", ""}});
  ASSERT_TRUE(status.ok()) << status;
  const std::string set = JoinPath(folder_, "set");
  EXPECT_EQ(ReadFile(JoinPath(set, "a")).value(), "one");
  EXPECT_EQ(ReadFile(JoinPath(set, "inner/b")).value(), "two");
  EXPECT_TRUE(IsDirectory(JoinPath(set, "empty")));
  EXPECT_THAT(ListDirectory(folder_).value(),
              ElementsAre("archive.tar.gz", "set"));
}

TEST_F(UnpackArchiveTest, NothingLandsOutsideItsFolder) {
  ExpectRefused({{"set/a", "one"}, {"../evil", "x"}}, "../evil has ..");
  ExpectRefused({{"set/../../evil", "x"}}, "has .. in its name");
  ExpectRefused({{"/tmp/evil", "x"}}, "is an absolute name");
  ExpectRefused({{"other/evil", "x"}}, "is not in the folder set/");
  ExpectRefused({{"set", "a file of the folder's name"}}, "is not in");
}

// A link to a folder elsewhere, and then a file through it.
TEST_F(UnpackArchiveTest, LinksAreRefused) {
  ExpectRefused({{"set/link", "-> /tmp"}, {"set/link/evil", "x"}},
                "set/link is a link or no regular file");
  ExpectRefused({{"set/link", "-> a"}}, "set/link is a link");
  ExpectRefused({{"set", "-> /tmp"}, {"set/evil", "x"}}, "set is a link");
}

TEST_F(UnpackArchiveTest, MoreThanWasSaidIsRefused) {
  ExpectRefused(
      {{"set/a", std::string(600, 'x')}, {"set/b", std::string(600, 'x')}},
      "set/b is larger than the 400 bytes");
}

TEST_F(UnpackArchiveTest, ADamagedArchiveLeavesNothing) {
  const std::string archive = JoinPath(folder_, "archive.tar.gz");
  const std::string bytes =
      MakeTar({{"set/a", std::string(5000, 'x')}}, /*gzip=*/true);
  ASSERT_TRUE(
      WriteFileAtomically(archive, bytes.substr(0, bytes.size() / 2)).ok());
  EXPECT_FALSE(UnpackArchive(archive, "set", folder_, 10000).ok());
  EXPECT_THAT(ListDirectory(folder_).value(), ElementsAre("archive.tar.gz"));
}

TEST_F(UnpackArchiveTest, WhatAKilledProgramLeftIsReplaced) {
  ASSERT_TRUE(MakeDirectories(JoinPath(folder_, "set.partial")).ok());
  ASSERT_TRUE(
      WriteFileAtomically(JoinPath(folder_, "set.partial/old"), "x").ok());
  ASSERT_TRUE(Unpack({{"set/a", "one"}}).ok());
  EXPECT_THAT(ListDirectory(JoinPath(folder_, "set")).value(),
              ElementsAre("a"));
}

TEST_F(UnpackArchiveTest, AFolderThatIsThereStays) {
  ASSERT_TRUE(MakeDirectories(JoinPath(folder_, "set")).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Unpack({{"set/a", "one"}})));
  EXPECT_THAT(ListDirectory(JoinPath(folder_, "set")).value(), ElementsAre());
}

}  // namespace
}  // namespace tritlab
