#include "datasets/cifar10.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kRecords = 4;  // a file

// Byte p of plane c of image i.
uint8_t PixelByte(int image, int plane, int p) {
  return static_cast<uint8_t>(image * 31 + plane * 100 + p * 7);
}

std::string Records(int first_image) {
  std::string bytes;
  for (int i = first_image; i < first_image + kRecords; ++i) {
    bytes.push_back(static_cast<char>(i % 10));
    for (int c = 0; c < 3; ++c) {
      for (int p = 0; p < 1024; ++p) {
        bytes.push_back(static_cast<char>(PixelByte(i, c, p)));
      }
    }
  }
  return bytes;
}

class Cifar10Test : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = JoinPath(
        testing::TempDir(),
        std::string("cifar10_test_") +
            testing::UnitTest::GetInstance()->current_test_info()->name());
    ASSERT_TRUE(MakeDirectories(folder_).ok());
    for (int i = 1; i <= 5; ++i) {
      Put("data_batch_" + std::to_string(i) + ".bin",
          Records((i - 1) * kRecords));
    }
    Put("test_batch.bin", Records(100));
  }
  void Put(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(WriteFileAtomically(JoinPath(folder_, name), bytes).ok());
  }
  absl::StatusOr<std::unique_ptr<Dataset>> Read(Split split) {
    return ReadCifar10Binary(folder_, split, kRecords);
  }
  std::string ErrorOf(Split split) {
    const absl::Status status = Read(split).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  }
  std::string folder_;
};

TEST_F(Cifar10Test, PlanesBecomePixelsInTheFilesOrder) {
  const auto train = Read(Split::kTrain);
  ASSERT_TRUE(train.ok()) << train.status();
  ASSERT_EQ((*train)->size(), 5 * kRecords);
  EXPECT_EQ((*train)->shape(), (ImageShape{32, 32, 3}));
  EXPECT_EQ((*train)->class_names()[9], "truck");
  EXPECT_EQ((*train)->source(), folder_);
  for (int i = 0; i < 5 * kRecords; ++i) {
    EXPECT_EQ((*train)->label(i), i % 10);
    for (int p = 0; p < 1024; ++p) {
      for (int c = 0; c < 3; ++c) {
        ASSERT_EQ((*train)->InMemory(i)[p * 3 + c], PixelByte(i, c, p));
      }
    }
  }
  const auto test = Read(Split::kTest);
  ASSERT_TRUE(test.ok());
  EXPECT_EQ((*test)->size(), kRecords);
  EXPECT_EQ((*test)->InMemory(0)[0], PixelByte(100, 0, 0));
}

TEST_F(Cifar10Test, WrongSizesNameTheFile) {
  for (const auto& [bytes, word] :
       {std::pair{Records(0).substr(1), "truncated"},
        std::pair{Records(0) + "x", "oversized"},
        std::pair{Records(0).substr(3073), "truncated"},
        std::pair{std::string(), "truncated"}}) {
    Put("data_batch_3.bin", bytes);
    const std::string message = ErrorOf(Split::kTrain);
    EXPECT_THAT(message,
                StartsWith(JoinPath(folder_, "data_batch_3.bin") + ": "));
    EXPECT_THAT(message, HasSubstr(word));
  }
  EXPECT_TRUE(Read(Split::kTest).ok());  // not of this split
}

TEST_F(Cifar10Test, AnImpossibleLabelNamesTheRecord) {
  std::string bytes = Records(0);
  bytes[2 * 3073] = 10;
  Put("test_batch.bin", bytes);
  const std::string message = ErrorOf(Split::kTest);
  EXPECT_THAT(message, StartsWith(JoinPath(folder_, "test_batch.bin") + ": "));
  EXPECT_THAT(message, HasSubstr("record 2 has label 10"));
}

TEST_F(Cifar10Test, AMissingFileIsNamed) {
  ASSERT_EQ(remove(JoinPath(folder_, "data_batch_5.bin").c_str()), 0);
  EXPECT_THAT(ErrorOf(Split::kTrain),
              StartsWith(JoinPath(folder_, "data_batch_5.bin") + ": is "));
  ASSERT_EQ(remove(JoinPath(folder_, "data_batch_1.bin").c_str()), 0);
  EXPECT_THAT(ErrorOf(Split::kTrain),
              StartsWith(JoinPath(folder_, "data_batch_1.bin") + ": is "));
}

// Only then is it a folder without the split, which may be meant so.
TEST_F(Cifar10Test, NoFileOfTheSplitIsNotFound) {
  const std::string path = JoinPath(folder_, "test_batch.bin");
  ASSERT_EQ(remove(path.c_str()), 0);
  const absl::Status status = Read(Split::kTest).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), StartsWith(path + ": is missing"));
  ASSERT_EQ(symlink("/no/such/file", path.c_str()), 0);
  EXPECT_THAT(ErrorOf(Split::kTest), HasSubstr("a broken link"));
}

TEST_F(Cifar10Test, TheRealFilesHaveTenThousandRecords) {
  EXPECT_THAT(
      std::string(ReadCifar10Binary(folder_, Split::kTest).status().message()),
      HasSubstr("10000 records of 3073 take 30730000"));
}

}  // namespace
}  // namespace tritlab
