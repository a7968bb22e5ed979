#include "datasets/packed.h"

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/record_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string TestPath() {
  const std::string path = JoinPath(
      testing::TempDir(),
      std::string("packed_test_") +
          testing::UnitTest::GetInstance()->current_test_info()->name());
  remove(path.c_str());
  return path;
}

std::unique_ptr<MemoryDataset> Make(int images, int side,
                                    std::vector<std::string> class_names = {
                                        "a", "b", "c"}) {
  DatasetInfo info;
  info.name = "test";
  info.source = "made";
  info.shape = {side, side, 3};
  info.class_names = std::move(class_names);
  info.normalization = {{0.5f, 0.25f, 0.125f}, {1, 2, 3}};
  std::vector<uint8_t> pixels(images * info.shape.size());
  for (size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<uint8_t>(i * 7 + i / 1000);
  }
  std::vector<int32_t> labels(images);
  for (int i = 0; i < images; ++i) labels[i] = i % 2;
  return *MemoryDataset::Create(info, std::move(pixels), std::move(labels));
}

TEST(PackedTest, BothSplitsComeBack) {
  const std::string path = TestPath();
  // More than one chunk of 4 MB.
  const auto train = Make(1500, 32);
  const auto test = Make(7, 32);
  ASSERT_TRUE(WritePackedDataset(path, train.get(), test.get()).ok());
  for (const auto& [split, expected] : {std::pair{Split::kTrain, train.get()},
                                        std::pair{Split::kTest, test.get()}}) {
    const auto read = ReadPackedDataset(path, split);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ((*read)->size(), expected->size());
    EXPECT_EQ((*read)->checksum(), expected->checksum());
    EXPECT_EQ((*read)->shape(), expected->shape());
    EXPECT_EQ((*read)->info().name, "test");
    EXPECT_EQ((*read)->source(), path);
    EXPECT_THAT((*read)->class_names(), ElementsAre("a", "b", "c"));
    EXPECT_EQ((*read)->normalization(), expected->normalization());
  }
}

// Classes are named by folders, whose names need not be UTF-8.
TEST(PackedTest, NamesMayHoldAnyBytes) {
  const std::string path = TestPath();
  const auto test = Make(3, 4, {"a", "\xe9"});
  ASSERT_TRUE(WritePackedDataset(path, nullptr, test.get()).ok());
  const auto read = ReadPackedDataset(path, Split::kTest);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT((*read)->class_names(), ElementsAre("a", "\xe9"));
}

TEST(PackedTest, ASplitMayBeMissing) {
  const std::string path = TestPath();
  const auto test = Make(3, 4);
  ASSERT_TRUE(WritePackedDataset(path, nullptr, test.get()).ok());
  EXPECT_TRUE(ReadPackedDataset(path, Split::kTest).ok());
  EXPECT_EQ(ReadPackedDataset(path, Split::kTrain).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_FALSE(WritePackedDataset(path, nullptr, nullptr).ok());
}

TEST(PackedTest, SplitsThatDoNotFitAreRefusedAndNothingIsWritten) {
  const std::string path = TestPath();
  EXPECT_FALSE(
      WritePackedDataset(path, Make(3, 4).get(), Make(3, 5).get()).ok());
  EXPECT_FALSE(
      WritePackedDataset(path, Make(3, 4).get(), Make(3, 4, {"a", "x"}).get())
          .ok());
  EXPECT_FALSE(FileExists(path));
}

TEST(PackedTest, EveryCutAndEveryDamagedByteIsAnError) {
  const std::string path = TestPath();
  const auto train = Make(5, 4);
  ASSERT_TRUE(WritePackedDataset(path, train.get(), nullptr).ok());
  const std::string bytes = *ReadFile(path);
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] ^= 4;
    for (const std::string& contents : {damaged, bytes.substr(0, i)}) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << contents;
      const absl::Status status =
          ReadPackedDataset(path, Split::kTrain).status();
      ASSERT_FALSE(status.ok()) << i;
      ASSERT_THAT(std::string(status.message()), HasSubstr(path));
    }
  }
}

TEST(PackedTest, OtherRecordFilesAreNotTakenForOne) {
  const std::string path = TestPath();
  ASSERT_TRUE(WriteFileAtomically(path, FrameRecord("events")).ok());
  EXPECT_THAT(
      std::string(ReadPackedDataset(path, Split::kTrain).status().message()),
      HasSubstr("is not a packed dataset"));
}

}  // namespace
}  // namespace tritlab
