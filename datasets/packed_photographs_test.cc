#include "datasets/packed_photographs.h"

#include <fstream>
#include <memory>
#include <string>

#include "base/file.h"
#include "datasets/image_folder.h"
#include "datasets/jpeg_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::HasSubstr;

class PackedPhotographsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = JoinPath(
        testing::TempDir(),
        std::string("packed_photographs_test_") +
            testing::UnitTest::GetInstance()->current_test_info()->name());
    packed_ = JoinPath(folder_, "a.packed");
    Put("images/train/ant/1.JPEG", PlainJpeg(7, 9, 1, 2, 3));
    Put("images/train/cat/2.JPEG", PlainJpeg(30, 20, 200, 2, 3));
    Put("images/train/cat/3.JPEG", PlainJpeg(3, 2, 100, 2, 3));
    Put("images/val/cat/4.JPEG", PlainJpeg(8, 8, 50, 2, 3));
  }
  void Put(const std::string& name, const std::string& bytes) {
    const std::string path = JoinPath(folder_, name);
    ASSERT_TRUE(MakeDirectories(path.substr(0, path.rfind('/'))).ok());
    ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  }
  std::unique_ptr<EncodedImages> Source(Split split) {
    return *OpenImageFolder(JoinPath(folder_, "images"), split);
  }
  absl::StatusOr<PackedPhotographsCount> Write(bool strict = false) {
    return WritePackedPhotographs(packed_, "imagefolder",
                                  Source(Split::kTrain).get(),
                                  Source(Split::kTest).get(), strict);
  }

  std::string folder_, packed_;
};

TEST_F(PackedPhotographsTest, BothSplitsComeBack) {
  const auto count = Write(/*strict=*/true);
  ASSERT_TRUE(count.ok()) << count.status();
  EXPECT_EQ(count->train, 3);
  EXPECT_EQ(count->test, 1);
  EXPECT_EQ(count->left_out, 0);
  EXPECT_TRUE(IsPackedPhotographs(packed_));
  for (Split split : {Split::kTrain, Split::kTest}) {
    const auto source = Source(split);
    const auto packed = OpenPackedPhotographs(packed_, split);
    ASSERT_TRUE(packed.ok()) << packed.status();
    EXPECT_EQ((*packed)->class_names(), source->class_names());
    EXPECT_EQ(*(*packed)->Checksum(), *source->Checksum());
    ASSERT_EQ((*packed)->size(), source->size());
    for (int64_t i = 0; i < source->size(); ++i) {
      std::string bytes, expected;
      int32_t label, expected_label;
      ASSERT_TRUE((*packed)->Read(i, &bytes, &label).ok());
      ASSERT_TRUE(source->Read(i, &expected, &expected_label).ok());
      EXPECT_EQ(bytes, expected);
      EXPECT_EQ(label, expected_label);
    }
  }
  EXPECT_EQ((*OpenPackedPhotographs(packed_, Split::kTest))->Name(0),
            packed_ + ": val/cat/4.JPEG");
}

// Protects: a slash behind the folder, as a shell completes it, makes no other
// dataset of it.
TEST_F(PackedPhotographsTest, ASlashBehindTheFolderChangesNothing) {
  ASSERT_TRUE(Write().ok());
  const std::string without = *ReadFile(packed_);
  const auto with =
      *OpenImageFolder(JoinPath(folder_, "images//"), Split::kTrain);
  EXPECT_EQ(with->Name(0), Source(Split::kTrain)->Name(0));
  ASSERT_TRUE(WritePackedPhotographs(packed_, "imagefolder", with.get(),
                                     Source(Split::kTest).get(), false)
                  .ok());
  EXPECT_EQ(*ReadFile(packed_), without);
}

TEST_F(PackedPhotographsTest, ASplitMayBeMissing) {
  ASSERT_TRUE(WritePackedPhotographs(packed_, "imagefolder", nullptr,
                                     Source(Split::kTest).get(), false)
                  .ok());
  EXPECT_TRUE(OpenPackedPhotographs(packed_, Split::kTest).ok());
  EXPECT_EQ(OpenPackedPhotographs(packed_, Split::kTrain).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(PackedPhotographsTest, BadFilesAreLeftOutOrStopAStrictRun) {
  Put("images/train/cat/25.JPEG", "\x89PNG\r\n");
  Put("images/train/cat/26.JPEG", PlainJpeg(30, 20, 200, 2, 3).substr(0, 400));
  EXPECT_THAT(std::string(Write(/*strict=*/true).status().message()),
              HasSubstr("train/cat/25.JPEG: is not a JPEG file but a PNG"));
  EXPECT_FALSE(FileExists(packed_));
  const auto count = Write();
  ASSERT_TRUE(count.ok()) << count.status();
  EXPECT_EQ(count->train, 3);
  EXPECT_EQ(count->left_out, 2);
  const auto packed = OpenPackedPhotographs(packed_, Split::kTrain);
  EXPECT_EQ((*packed)->Name(2), packed_ + ": train/cat/3.JPEG");
}

// At every eleventh byte, which meets all kinds of records.
TEST_F(PackedPhotographsTest, ACutOrADamagedByteIsAnError) {
  ASSERT_TRUE(Write().ok());
  const std::string bytes = *ReadFile(packed_);
  const auto read_all = [&] {
    for (Split split : {Split::kTrain, Split::kTest}) {
      const auto images = OpenPackedPhotographs(packed_, split);
      if (!images.ok()) return images.status();
      for (int64_t i = 0; i < (*images)->size(); ++i) {
        std::string file;
        int32_t label;
        const absl::Status status = (*images)->Read(i, &file, &label);
        if (!status.ok()) return status;
      }
    }
    return absl::OkStatus();
  };
  ASSERT_TRUE(read_all().ok()) << read_all();
  for (size_t i = 0; i < bytes.size(); i += 11) {
    std::string damaged = bytes;
    damaged[i] ^= 4;
    for (const std::string& contents : {damaged, bytes.substr(0, i)}) {
      std::ofstream(packed_, std::ios::binary | std::ios::trunc) << contents;
      const absl::Status status = read_all();
      ASSERT_FALSE(status.ok()) << i << " of " << bytes.size();
      ASSERT_THAT(std::string(status.message()), HasSubstr(packed_));
    }
  }
}

}  // namespace
}  // namespace tritlab
