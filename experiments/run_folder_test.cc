#include "experiments/run_folder.h"

#include <string>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

ExperimentSpec Spec(const std::string& name = "experiment") {
  ExperimentSpec spec;
  spec.set_name(name);
  return spec;
}

std::string Folder(const std::string& name) {
  return testing::TempDir() + "/" + name;
}

std::string ErrorOf(const std::string& folder, const ExperimentSpec& spec,
                    bool resume) {
  return std::string(RunFolder::Open(folder, spec, resume).status().message());
}

TEST(RunFolderTest, ANewRunMakesItsFolderAndWritesItsSpec) {
  const auto folder =
      RunFolder::Open(Folder("new/below"), Spec(), /*resume=*/false);
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_THAT(ReadFile(Folder("new/below/spec.textproto")).value(),
              HasSubstr("experiment"));
  EXPECT_EQ((*folder)->CheckpointOf("ttq"),
            Folder("new/below/checkpoints/ttq.ckpt"));
}

// What a user has trained is never overwritten.
TEST(RunFolderTest, ARunIsNeverOverwritten) {
  const std::string path = Folder("taken");
  ASSERT_TRUE(RunFolder::Open(path, Spec(), false).ok());
  EXPECT_THAT(ErrorOf(path, Spec(), false),
              HasSubstr("it holds a run already; give --resume"));
  EXPECT_THAT(ErrorOf(path, Spec("other"), true),
              HasSubstr("begun with another spec"));
  const auto again = RunFolder::Open(path, Spec(), true);
  ASSERT_TRUE(again.ok()) << again.status();
}

TEST(RunFolderTest, AFolderOfSomethingElseIsLeftAlone) {
  const std::string path = Folder("holiday");
  ASSERT_TRUE(MakeDirectories(path).ok());
  ASSERT_TRUE(WriteFileAtomically(JoinPath(path, "photo.jpg"), "x").ok());
  for (const bool resume : {false, true})
    EXPECT_THAT(ErrorOf(path, Spec(), resume), HasSubstr("no run"));
  EXPECT_EQ(ListDirectory(path)->size(), 1u);
  EXPECT_THAT(ErrorOf(JoinPath(path, "photo.jpg"), Spec(), false),
              HasSubstr("not a folder"));
}

TEST(RunFolderTest, TwoAtOnceAreRefused) {
  const std::string path = Folder("busy");
  const auto first = RunFolder::Open(path, Spec(), false);
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(ErrorOf(path, Spec(), true),
              HasSubstr("another run is going on in it (process "));
}

// With --resume in a script that may be killed before the first checkpoint, the
// first call has nothing to resume.
TEST(RunFolderTest, ResumeBeginsWhereNothingIs) {
  const auto folder = RunFolder::Open(Folder("fresh"), Spec(), /*resume=*/true);
  ASSERT_TRUE(folder.ok()) << folder.status();
}

}  // namespace
}  // namespace tritlab
