#include "datasets/tf_records.h"

#include <string>

#include "base/file.h"
#include "base/record_file.h"
#include "datasets/tf_example.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string Example(const std::string& image, int64_t label) {
  tf::Example example;
  auto& features = *example.mutable_features()->mutable_feature();
  features["image/encoded"].mutable_bytes_list()->add_value(image);
  features["image/class/label"].mutable_int64_list()->add_value(label);
  features["image/filename"].mutable_bytes_list()->add_value("n01_1.JPEG");
  features["image/object/bbox/xmin"].mutable_float_list();
  return example.SerializeAsString();
}

class TfRecordsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = JoinPath(
        testing::TempDir(),
        std::string("tf_records_test_") +
            testing::UnitTest::GetInstance()->current_test_info()->name());
    ASSERT_TRUE(MakeDirectories(folder_).ok());
  }
  void Put(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(WriteFileAtomically(JoinPath(folder_, name), bytes).ok());
  }
  absl::StatusOr<std::unique_ptr<EncodedImages>> Open(
      Split split = Split::kTrain) {
    return OpenTfRecords(folder_, split, options_);
  }
  absl::Status ReadStatus(const std::string& record) {
    Put("train-1", FrameRecord(record));
    const auto images = Open();
    if (!images.ok()) return images.status();
    std::string bytes;
    int32_t label;
    return (*images)->Read(0, &bytes, &label);
  }

  std::string folder_;
  TfRecordOptions options_;
};

// The bytes that TensorFlow writes for {image/encoded: "ab",
// image/class/label: 5}.
TEST_F(TfRecordsTest, TheLayoutIsTensorFlows) {
  const std::string record(
      "\x0a\x35"
      "\x0a\x17\x0a\x0dimage/encoded\x12\x06\x0a\x04\x0a\x02"
      "ab"
      "\x0a\x1a\x0a\x11image/class/label\x12\x05\x1a\x03\x0a\x01\x05",
      55);
  Put("train-1", FrameRecord(record));
  const auto images = Open();
  ASSERT_TRUE(images.ok()) << images.status();
  std::string bytes;
  int32_t label;
  const absl::Status status = (*images)->Read(0, &bytes, &label);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(bytes, "ab");
  EXPECT_EQ(label, 4);
}

TEST_F(TfRecordsTest, ShardsAreOneDataset) {
  Put("train-00000-of-00002",
      FrameRecord(Example("first", 1)) + FrameRecord(Example("second", 1000)));
  Put("train-00001-of-00002", FrameRecord(Example("third", 2)));
  Put("validation-00000-of-00001", FrameRecord(Example("fourth", 3)));
  const auto train = Open();
  ASSERT_TRUE(train.ok()) << train.status();
  EXPECT_THAT((*train)->class_names(), SizeIs(1000));
  ASSERT_EQ((*train)->size(), 3);
  const char* const expected[] = {"first", "second", "third"};
  const int labels[] = {0, 999, 1};
  for (int i = 0; i < 3; ++i) {
    std::string bytes;
    int32_t label;
    ASSERT_TRUE((*train)->Read(i, &bytes, &label).ok());
    EXPECT_EQ(bytes, expected[i]);
    EXPECT_EQ(label, labels[i]);
  }
  EXPECT_EQ((*train)->Name(2),
            JoinPath(folder_, "train-00001-of-00002: the record at byte 0"));
  EXPECT_EQ((*Open(Split::kTest))->size(), 1);
  EXPECT_NE(*(*Open(Split::kTest))->Checksum(), *(*train)->Checksum());
}

TEST_F(TfRecordsTest, ClassesTxtNamesTheClasses) {
  Put("train-1", FrameRecord(Example("x", 0)));
  Put("classes.txt", "tench\nfish, gold\n");
  options_.first_label = 0;
  const auto images = Open();
  EXPECT_THAT((*images)->class_names(), ElementsAre("tench", "fish, gold"));
}

TEST_F(TfRecordsTest, AMissingShardIsNamed) {
  Put("train-00000-of-00003", "");
  Put("train-00002-of-00003", "");
  EXPECT_THAT(std::string(Open().status().message()),
              HasSubstr("train-00001-of-00003: is missing"));
  EXPECT_EQ(Open(Split::kTest).status().code(), absl::StatusCode::kNotFound);
}

// A label that cannot be is one of another layout, not of a bad image.
TEST_F(TfRecordsTest, LabelsOutOfRangeStopEverything) {
  options_.classes = 10;
  for (int label : {0, 11, -1}) {
    const absl::Status status = ReadStatus(Example("x", label));
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("where 1 to 10 are possible"));
  }
  EXPECT_TRUE(ReadStatus(Example("x", 10)).ok());
  options_.first_label = 0;
  EXPECT_TRUE(ReadStatus(Example("x", 0)).ok());
}

TEST_F(TfRecordsTest, RecordsOfAnotherKindAreNamed) {
  tf::Example example;
  const auto message = [&] {
    const absl::Status status = ReadStatus(example.SerializeAsString());
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(message(), HasSubstr("train-1: the record at byte 0: has no "
                                   "image/encoded of one byte string"));
  auto& features = *example.mutable_features()->mutable_feature();
  features["image/encoded"].mutable_bytes_list()->add_value("x");
  EXPECT_THAT(message(), HasSubstr("has no image/class/label"));
  features["image/class/label"].mutable_float_list()->add_value(1);
  EXPECT_THAT(message(), HasSubstr("has no image/class/label"));
  EXPECT_THAT(std::string(ReadStatus("\xff\xff").message()),
              HasSubstr("is no tf.Example"));
}

TEST_F(TfRecordsTest, EveryCutAndEveryDamagedByteIsAnErrorThatNamesTheFile) {
  const std::string whole = FrameRecord(Example("image", 1));
  for (size_t i = 1; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] ^= 4;
    for (const std::string& contents : {damaged, whole.substr(0, i)}) {
      Put("train-1", contents);
      const auto images = Open();
      absl::Status status = images.status();
      std::string bytes;
      int32_t label;
      if (status.ok()) status = (*images)->Read(0, &bytes, &label);
      ASSERT_EQ(status.code(), absl::StatusCode::kDataLoss) << i;
      EXPECT_THAT(std::string(status.message()), HasSubstr("train-1: "));
    }
  }
}

}  // namespace
}  // namespace tritlab
