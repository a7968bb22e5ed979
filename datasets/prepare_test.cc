// Runs //datasets:prepare as a user does.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/file.h"
#include "datasets/jpeg_writer.h"
#include "datasets/packed.h"
#include "datasets/packed_photographs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PrepareTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = JoinPath(
        testing::TempDir(),
        std::string("prepare_test_") +
            testing::UnitTest::GetInstance()->current_test_info()->name());
    source_ = JoinPath(root_, "images");
    output_ = JoinPath(root_, "packed");
    for (const char* split : {"train", "test"}) {
      const std::string folder = JoinPath(source_, std::string(split) + "/x");
      ASSERT_TRUE(MakeDirectories(folder).ok());
      for (const char* name : {"1.jpg", "2.jpg"}) {
        ASSERT_TRUE(WriteFileAtomically(JoinPath(folder, name),
                                        PlainJpeg(32, 32, 1, 2, 3))
                        .ok());
      }
    }
  }

  // The exit status; what was said on stderr is in error_.
  int Run(const std::string& flags, const std::string& before = "") {
    const std::string errors = JoinPath(root_, "stderr");
    const int result = std::system(
        (before + " datasets/prepare " + flags + " 2>" + errors).c_str());
    error_ = *ReadFile(errors);
    return WEXITSTATUS(result);
  }
  std::string GoodFlags() {
    return "--dataset=imagefolder --source=" + source_ +
           " --output_dir=" + output_;
  }
  void ExpectOneLineWith(const std::string& text) {
    EXPECT_THAT(error_, HasSubstr(text));
    EXPECT_EQ(std::count(error_.begin(), error_.end(), '\n'), 1) << error_;
  }

  std::string root_, source_, output_, error_;
};

TEST_F(PrepareTest, WritesAPackedDatasetOnce) {
  ASSERT_EQ(Run(GoodFlags()), 0) << error_;
  const std::string path = JoinPath(output_, "imagefolder.packed");
  EXPECT_EQ((*ReadPackedDataset(path, Split::kTrain))->size(), 2);
  EXPECT_EQ((*ReadPackedDataset(path, Split::kTest))->size(), 2);
  EXPECT_EQ(Run(GoodFlags()), 2);
  ExpectOneLineWith("is there already and is not overwritten");
}

TEST_F(PrepareTest, PathsAreTakenFromWhereTheUserStands) {
  ASSERT_EQ(Run("--dataset=imagefolder --source=images --output_dir=packed",
                "BUILD_WORKING_DIRECTORY=" + root_),
            0)
      << error_;
  EXPECT_TRUE(FileExists(JoinPath(output_, "imagefolder.packed")));
}

TEST_F(PrepareTest, BadFlagsAreNamed) {
  EXPECT_EQ(Run("--datset=cifar10"), 2);
  ExpectOneLineWith("--datset: ");
  EXPECT_EQ(Run("--dataset=mnist"), 2);
  ExpectOneLineWith("--dataset: \"mnist\" is unknown");
  EXPECT_EQ(Run("--dataset=cifar10 --any_size"), 2);
  ExpectOneLineWith("--any_size: ");
  EXPECT_EQ(Run("--dataset=tfrecord --source=" + root_ +
                " --output_dir=" + output_ + " --first_label=7"),
            2);
  ExpectOneLineWith("--first_label: 7");
  EXPECT_EQ(Run("--dataset=cifar10"), 2);
  ExpectOneLineWith("--source: ");
  EXPECT_EQ(Run("--dataset=cifar10 --source=" + root_), 2);
  ExpectOneLineWith("--output_dir: ");
  EXPECT_EQ(Run("--dataset=cifar10 --output_dir=" + output_ +
                " --source=" + root_ + "/missing"),
            2);
  ExpectOneLineWith("missing: does not exist");
}

TEST_F(PrepareTest, ImagesOfAnySizeStayAsTheyAre) {
  const std::string large = PlainJpeg(70, 90, 1, 2, 3);
  ASSERT_TRUE(
      WriteFileAtomically(JoinPath(source_, "train/x/3.JPEG"), large).ok());
  ASSERT_TRUE(
      WriteFileAtomically(JoinPath(source_, "train/x/4.JPEG"), "\x89PNG").ok());
  EXPECT_EQ(Run(GoodFlags()), 2);
  ExpectOneLineWith("give --any_size");
  EXPECT_EQ(Run(GoodFlags() + " --any_size --strict"), 2);
  EXPECT_THAT(error_,
              HasSubstr("train/x/4.JPEG: is not a JPEG file but a PNG"));
  ASSERT_EQ(Run(GoodFlags() + " --any_size"), 0) << error_;
  EXPECT_THAT(error_, HasSubstr("warning: "));
  EXPECT_THAT(error_,
              HasSubstr("train/x/4.JPEG: is not a JPEG file but a PNG"));
  const auto packed = OpenPackedPhotographs(
      JoinPath(output_, "imagefolder.packed"), Split::kTrain);
  ASSERT_TRUE(packed.ok()) << packed.status();
  ASSERT_EQ((*packed)->size(), 3);
  std::string bytes;
  int32_t label;
  ASSERT_TRUE((*packed)->Read(2, &bytes, &label).ok());
  EXPECT_EQ(bytes, large);
}

TEST_F(PrepareTest, BadDataWriteNothing) {
  ASSERT_TRUE(
      WriteFileAtomically(JoinPath(source_, "test/x/2.jpg"), "broken").ok());
  EXPECT_EQ(Run(GoodFlags()), 2);
  ExpectOneLineWith("test/x/2.jpg: is not a JPEG");
  EXPECT_FALSE(FileExists(output_));
}

// A split that is there but cannot be read is not one that does not exist.
TEST_F(PrepareTest, ABrokenSplitIsNotLeftOut) {
  const std::string image = JoinPath(source_, "test/x/2.jpg");
  ASSERT_EQ(unlink(image.c_str()), 0);
  ASSERT_EQ(symlink("/no/such/file", image.c_str()), 0);
  EXPECT_EQ(Run(GoodFlags()), 2);
  ExpectOneLineWith("test/x/2.jpg: is a broken link or was removed");
  EXPECT_FALSE(FileExists(output_));

  const std::string cifar10 = JoinPath(root_, "cifar10");
  ASSERT_TRUE(MakeDirectories(cifar10).ok());
  const std::string record(3073, '\0');
  std::string records;
  for (int i = 0; i < 10000; ++i) records += record;
  ASSERT_TRUE(
      WriteFileAtomically(JoinPath(cifar10, "test_batch.bin"), records).ok());
  ASSERT_TRUE(
      WriteFileAtomically(JoinPath(cifar10, "data_batch_2.bin"), "x").ok());
  EXPECT_EQ(
      Run("--dataset=cifar10 --source=" + cifar10 + " --output_dir=" + output_),
      2);
  ExpectOneLineWith("data_batch_1.bin: is missing");
  EXPECT_FALSE(FileExists(output_));
}

TEST_F(PrepareTest, AFullDiskLeavesNothing) {
  // ulimit counts blocks of 512 bytes (1024 in bash); the images need 12 KB.
  // ThreadSanitizer's runtime would put a file of its own into TMPDIR or
  // TEST_TMPDIR, and die of its size.
  EXPECT_EQ(Run(GoodFlags(),
                "ulimit -f 4; trap '' XFSZ; "
                "env -u TMPDIR TEST_TMPDIR=/dev/null"),
            2);
  ExpectOneLineWith("free some or choose another folder");
  EXPECT_THAT(*ListDirectory(output_), IsEmpty());
}

}  // namespace
}  // namespace tritlab
