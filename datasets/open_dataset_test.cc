#include "datasets/open_dataset.h"

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/record_file.h"
#include "datasets/jpeg_writer.h"
#include "datasets/packed.h"
#include "datasets/packed_photographs.h"
#include "datasets/tar_writer.h"
#include "datasets/tf_example.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class OpenDatasetTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = JoinPath(
        testing::TempDir(),
        std::string("open_dataset_test_") +
            testing::UnitTest::GetInstance()->current_test_info()->name());
    ASSERT_TRUE(MakeDirectories(root_).ok());
    spec_.set_name("cifar10");
  }
  void Put(const std::string& name, const std::string& bytes) {
    const std::string path = JoinPath(root_, name);
    ASSERT_TRUE(MakeDirectories(path.substr(0, path.rfind('/'))).ok());
    ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  }
  absl::StatusOr<std::unique_ptr<Dataset>> Open() {
    return OpenDataset(spec_, root_, Split::kTest);
  }
  std::string Message() { return std::string(Open().status().message()); }

  std::string root_;
  DatasetSpec spec_;
};

TEST_F(OpenDatasetTest, TheUsualNamesAreTriedInTheirOrder) {
  // From the last to the first: each goes before what is there already.
  Put("made/test/x/1.jpg", PlainJpeg(32, 32, 1, 2, 3));
  DatasetSpec folder;
  folder.set_name("imagefolder");
  folder.set_source("made");
  const auto made = OpenDataset(folder, root_, Split::kTest);
  ASSERT_TRUE(made.ok()) << made.status();
  const std::string packed = JoinPath(root_, "cifar10.packed");
  ASSERT_TRUE(WritePackedDataset(packed, nullptr, made->get()).ok());
  ASSERT_TRUE(Open().ok()) << Open().status();
  EXPECT_EQ((*Open())->source(), packed);

  Put("cifar10.tar.gz", "x");
  EXPECT_THAT(Message(), StartsWith(JoinPath(root_, "cifar10.tar.gz")));

  Put("cifar10/test/cat/1.jpg", PlainJpeg(32, 32, 1, 2, 3));
  ASSERT_TRUE(Open().ok()) << Open().status();
  EXPECT_EQ((*Open())->source(), JoinPath(root_, "cifar10"));
  Put("cifar10/test_batch.bin", "x");
  EXPECT_THAT(Message(), StartsWith(JoinPath(root_, "cifar10/test_batch.bin")));

  Put("cifar-10-batches-bin/test_batch.bin", "x");
  EXPECT_THAT(Message(), HasSubstr("cifar-10-batches-bin/test_batch.bin: is "
                                   "truncated"));
}

TEST_F(OpenDatasetTest, NotFoundSaysWhatWasLookedForAndWhere) {
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(), StartsWith(root_ + ": has none of "));
  EXPECT_THAT(Message(), HasSubstr("cifar-10-batches-bin/, cifar10/, "
                                   "cifar10.tar.gz, cifar10.packed"));
  spec_.set_source("elsewhere");
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(), StartsWith(JoinPath(root_, "elsewhere") + ": "));
}

TEST_F(OpenDatasetTest, AFolderOfBinaryFilesWithoutThemNamesTheFirst) {
  const std::string folder = JoinPath(root_, "cifar-10-batches-bin");
  ASSERT_TRUE(MakeDirectories(folder).ok());
  for (const char* source : {"", ".", "cifar-10-batches-bin/"}) {
    spec_.set_source(source);
    const absl::Status status =
        OpenDataset(spec_, root_, Split::kTrain).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("cifar-10-batches-bin/data_batch_1.bin: is missing"));
  }
}

TEST_F(OpenDatasetTest, TheSpecsNormalizationGoesBeforeTheDatasets) {
  Put("cifar10/test/cat/1.jpg", PlainJpeg(32, 32, 1, 2, 3));
  EXPECT_THAT((*Open())->normalization().mean,
              ElementsAre(0.4914f, 0.4822f, 0.4465f));
  for (float value : {0.5f, 0.25f, 0.75f}) {
    spec_.add_mean(value);
    spec_.add_std(value);
  }
  ASSERT_TRUE(Open().ok());
  EXPECT_THAT((*Open())->normalization().mean, ElementsAre(0.5f, 0.25f, 0.75f));
  EXPECT_EQ((*Open())->size(), 1);
  EXPECT_NEAR((*Open())->InMemory(0)[2], 3, 2);
}

TEST_F(OpenDatasetTest, TheBuiltInDatasetNeedsNoData) {
  spec_.set_name("synthetic");
  spec_.mutable_synthetic()->set_test_images(20);
  const auto dataset = OpenDataset(spec_, "", Split::kTest);
  ASSERT_TRUE(dataset.ok());
  EXPECT_EQ((*dataset)->size(), 20);
  EXPECT_THAT((*dataset)->source(), StartsWith("built-in"));
}

// Every form that ImageNet comes in, the last of them going before what is
// there already.
TEST_F(OpenDatasetTest, ImageNetIsFoundInEveryForm) {
  spec_.set_name("imagenet");
  spec_.mutable_resize()->set_crop(8);
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(), HasSubstr("imagenet.packed, imagenet/, ILSVRC2012"));

  Put("ILSVRC2012_img_train.tar",
      MakeTar({{"n1.tar", MakeTar({{"a.JPEG", PlainJpeg(9, 9, 1, 2, 3)}})}}));
  Put("ILSVRC2012_img_val.tar",
      MakeTar({{"a.JPEG", PlainJpeg(9, 9, 1, 2, 3)},
               {"b.JPEG", PlainJpeg(9, 12, 1, 2, 3)}}));
  Put("imagenet_2012_validation_synset_labels.txt", "n1\nn1\n");
  ASSERT_TRUE(Open().ok()) << Open().status();
  EXPECT_EQ((*Open())->size(), 2);
  EXPECT_EQ((*Open())->shape(), (ImageShape{8, 8, 3}));

  tf::Example example;
  auto& features = *example.mutable_features()->mutable_feature();
  features["image/encoded"].mutable_bytes_list()->add_value(
      PlainJpeg(9, 9, 1, 2, 3));
  features["image/class/label"].mutable_int64_list()->add_value(1);
  const std::string record = FrameRecord(example.SerializeAsString());
  Put("imagenet/validation-00000-of-00001", record + record + record);
  ASSERT_TRUE(Open().ok()) << Open().status();
  EXPECT_EQ((*Open())->size(), 3);
  EXPECT_EQ((*Open())->classes(), 1000);

  Put("imagenet/val/n1/a.JPEG", PlainJpeg(9, 9, 1, 2, 3));
  ASSERT_TRUE(Open().ok()) << Open().status();
  EXPECT_EQ((*Open())->size(), 1);
  std::vector<uint8_t> pixels(8 * 8 * 3);
  int32_t label = -1;
  ASSERT_TRUE((*Open())->Read(0, pixels, &label).ok());
  EXPECT_EQ(label, 0);
  EXPECT_NEAR(pixels[2], 3, 2);

  const auto images = OpenEncodedImages(spec_, root_, Split::kTest);
  const std::string packed = JoinPath(root_, "imagenet.packed");
  ASSERT_TRUE(
      WritePackedPhotographs(packed, "imagenet", nullptr, images->get(), false)
          .ok());
  ASSERT_TRUE(Open().ok()) << Open().status();
  EXPECT_EQ((*Open())->source(), packed);
  EXPECT_EQ((*Open())->checksum(), *(*images)->Checksum());

  // One of the two kinds of packed files for the other.
  spec_.clear_resize();
  spec_.set_name("imagefolder");
  spec_.set_source("imagenet.packed");
  EXPECT_THAT(Message(), HasSubstr("give dataset.resize"));
}

TEST_F(OpenDatasetTest, TheTrainingTarMayStandBesideVal) {
  spec_.set_name("imagenet");
  spec_.mutable_resize()->set_crop(8);
  Put("imagenet/ILSVRC2012_img_train.tar",
      MakeTar({{"n1.tar", MakeTar({{"a.JPEG", PlainJpeg(9, 9, 1, 2, 3)}})}}));
  Put("imagenet/val/n1/a.JPEG", PlainJpeg(9, 9, 1, 2, 3));
  EXPECT_TRUE(OpenDataset(spec_, root_, Split::kTrain).ok());
  EXPECT_EQ((*Open())->size(), 1);
}

TEST_F(OpenDatasetTest, ImagesOfAnySizeFollowTheSpec) {
  spec_.set_name("imagefolder");
  spec_.set_source("photos");
  spec_.mutable_resize()->set_crop(8);
  spec_.mutable_resize()->set_ten_crop(true);
  spec_.add_mean(0.5f);
  spec_.add_mean(0.25f);
  spec_.add_mean(0.75f);
  for (int i = 0; i < 3; ++i) spec_.add_std(1);
  Put("photos/test/x/1.jpg", PlainJpeg(40, 32, 1, 2, 3));
  Put("photos/test/x/2.jpg", "broken");
  const auto dataset = OpenDataset(spec_, root_, Split::kTest);
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT((*dataset)->normalization().mean,
              ElementsAre(0.5f, 0.25f, 0.75f));
  EXPECT_TRUE((*dataset)->info().ten_crop);
  EXPECT_EQ((*dataset)->info().shorter_side, 9);
  std::vector<uint8_t> pixels(8 * 8 * 3);
  int32_t label;
  EXPECT_TRUE((*dataset)->Read(0, pixels, &label).ok());
  const absl::Status broken = (*dataset)->Read(1, pixels, &label);
  EXPECT_FALSE(broken.ok());
  EXPECT_TRUE((*dataset)->LeaveOut(1, broken));
  EXPECT_EQ((*dataset)->left_out(), 1);
  const auto strict = OpenDataset(spec_, root_, Split::kTest, {.strict = true});
  EXPECT_FALSE((*strict)->LeaveOut(1, broken));
}

TEST_F(OpenDatasetTest, ImpossibleSpecsNameTheField) {
  const auto message = [](auto set) {
    DatasetSpec spec;
    spec.set_name("cifar10");
    set(spec);
    const absl::Status status = ValidateDatasetSpec(spec);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(message([](auto& spec) { spec.set_name("mnist"); }),
              StartsWith("dataset.name: \"mnist\" is unknown"));
  EXPECT_THAT(message([](auto& spec) { spec.clear_name(); }),
              StartsWith("dataset.name: "));
  EXPECT_THAT(message([](auto& spec) { spec.set_name("imagefolder"); }),
              StartsWith("dataset.source: "));
  EXPECT_THAT(message([](auto& spec) { spec.mutable_synthetic(); }),
              StartsWith("dataset.synthetic: "));
  EXPECT_THAT(message([](auto& spec) { spec.mutable_resize(); }),
              StartsWith("dataset.resize: does not apply to cifar10"));
  EXPECT_THAT(message([](auto& spec) { spec.set_classes(5); }),
              StartsWith("dataset.classes: does not apply to cifar10"));
  EXPECT_THAT(message([](auto& spec) { spec.set_name("imagenet"); }),
              StartsWith("dataset.resize: is missing"));
  EXPECT_THAT(message([](auto& spec) { spec.set_name("tfrecord"); }),
              StartsWith("dataset.source: is missing"));
  EXPECT_THAT(message([](auto& spec) {
                spec.set_name("imagenet");
                spec.mutable_resize()->set_crop(-1);
              }),
              StartsWith("dataset.resize.crop: -1 "));
  EXPECT_THAT(message([](auto& spec) {
                spec.set_name("imagenet");
                spec.mutable_resize()->set_crop(224);
                spec.set_first_label(2);
              }),
              StartsWith("dataset.first_label: 2 "));
  EXPECT_THAT(message([](auto& spec) { spec.add_mean(0.5f); }),
              StartsWith("dataset.mean: "));
  EXPECT_THAT(message([](auto& spec) { spec.add_std(0.5f); }),
              StartsWith("dataset.mean: "));
}

}  // namespace
}  // namespace tritlab
