#include "datasets/training_tars.h"

#include <string>

#include "base/file.h"
#include "datasets/jpeg_writer.h"
#include "datasets/tar_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Of different lengths, so that each begins elsewhere in its block.
std::string Image(int size, uint8_t red) {
  return PlainJpeg(size, size + 1, red, 0, 0);
}

class TrainingTarsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = JoinPath(
        testing::TempDir(),
        std::string("training_tars_test_") +
            testing::UnitTest::GetInstance()->current_test_info()->name());
    ASSERT_TRUE(MakeDirectories(folder_).ok());
  }
  void Put(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(WriteFileAtomically(JoinPath(folder_, name), bytes).ok());
  }
  void PutTraining() {
    Put(kTrainingTar,
        MakeTar({{"n02.tar", MakeTar({{"n02_1.JPEG", Image(3, 1)}})},
                 {"n01.tar", MakeTar({{"n01_2.JPEG", Image(4, 2)},
                                      {"n01_10.JPEG", Image(90, 3)},
                                      {"readme.txt", "x"}})}}));
  }
  void PutValidation(const std::string& labels) {
    Put(kValidationTar,
        MakeTar({{"val_2.JPEG", Image(5, 4)}, {"val_1.JPEG", Image(6, 5)}}));
    Put(kValidationLabels, labels);
  }
  // The error's message, of an error that a user can mend.
  std::string Message(Split split) {
    const absl::Status status = OpenTrainingTars(folder_, split).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  }
  void ExpectImage(const EncodedImages& images, int index,
                   const std::string& expected, int label) {
    std::string bytes;
    int32_t found;
    ASSERT_TRUE(images.Read(index, &bytes, &found).ok());
    EXPECT_EQ(bytes, expected) << images.Name(index);
    EXPECT_EQ(found, label);
  }

  std::string folder_;
};

TEST_F(TrainingTarsTest, ATarOfTarsIsADataset) {
  PutTraining();
  Put("classes.txt", "n01 first class\n");
  ASSERT_TRUE(HoldsTrainingTars(folder_));
  const auto images = OpenTrainingTars(folder_, Split::kTrain);
  ASSERT_TRUE(images.ok()) << images.status();
  EXPECT_THAT((*images)->class_names(), ElementsAre("n01 first class", "n02"));
  ASSERT_EQ((*images)->size(), 3);
  ExpectImage(**images, 0, Image(90, 3), 0);
  ExpectImage(**images, 1, Image(4, 2), 0);
  ExpectImage(**images, 2, Image(3, 1), 1);
  EXPECT_EQ((*images)->Name(0),
            JoinPath(folder_, kTrainingTar) + ": train/n01/n01_10.JPEG");
}

TEST_F(TrainingTarsTest, ValidationImagesAreLabelledInTheOrderOfTheirNames) {
  PutValidation("n02\nn01\n");
  for (bool with_training : {false, true}) {
    if (with_training) PutTraining();
    const auto images = OpenTrainingTars(folder_, Split::kTest);
    ASSERT_TRUE(images.ok()) << images.status();
    EXPECT_THAT((*images)->class_names(), ElementsAre("n01", "n02"));
    ExpectImage(**images, 0, Image(6, 5), 1);
    ExpectImage(**images, 1, Image(5, 4), 0);
  }
  EXPECT_EQ(
      OpenTrainingTars(JoinPath(folder_, "x"), Split::kTest).status().code(),
      absl::StatusCode::kNotFound);
}

TEST_F(TrainingTarsTest, LabelsThatDoNotFitAreNamed) {
  PutTraining();
  PutValidation("n02\n");
  EXPECT_THAT(Message(Split::kTest), HasSubstr("has 1 lines where"));
  PutValidation("n02\nn03\n");
  EXPECT_THAT(Message(Split::kTest), HasSubstr("line 2: n03"));
  ASSERT_EQ(remove(JoinPath(folder_, kValidationLabels).c_str()), 0);
  EXPECT_THAT(Message(Split::kTest), HasSubstr("is missing"));
}

TEST_F(TrainingTarsTest, BadArchivesAreNamed) {
  const std::string inner = MakeTar({{"1.JPEG", Image(3, 1)}});
  const auto with_class = [&](const std::string& tar) {
    Put(kTrainingTar, MakeTar({{"n01.tar", inner}, {"n02.tar", tar}}));
    return Message(Split::kTrain);
  };
  EXPECT_THAT(with_class(MakeTar({})), HasSubstr("n02.tar: has no .jpg"));
  EXPECT_THAT(with_class("x"), HasSubstr("n02.tar: is not a whole .tar"));
  EXPECT_THAT(with_class(MakeTar({{"1.JPEG", Image(3, 1)}}, true)),
              HasSubstr("n02.tar: is compressed"));
  EXPECT_THAT(with_class(MakeTar({{"1.JPEG", "-> x"}})),
              HasSubstr("no regular file"));
  EXPECT_THAT(with_class(inner.substr(0, 1024)), HasSubstr("n02.tar: "));
  Put(kTrainingTar, MakeTar({{"1.JPEG", Image(3, 1)}}));
  EXPECT_THAT(Message(Split::kTrain), HasSubstr("no .tar file for each class"));
  // At every place where it can be cut.
  const std::string whole = MakeTar({{"n01.tar", inner}});
  for (size_t size = 0; size < whole.size(); size += 512) {
    Put(kTrainingTar, whole.substr(0, size));
    EXPECT_THAT(Message(Split::kTrain), HasSubstr(kTrainingTar));
  }
}

}  // namespace
}  // namespace tritlab
