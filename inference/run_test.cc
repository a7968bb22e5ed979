// Runs //inference:run on a dataset as a user does.
#include <sys/wait.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/record_file.h"
#include "datasets/image_folder.h"
#include "datasets/jpeg_writer.h"
#include "datasets/packed_photographs.h"
#include "datasets/tf_example.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "inference/pack_network.h"
#include "inference/packed_model.h"
#include "models/graph_builder.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

constexpr int kSide = 16;

// Of 16x16 pixels: "bright" or "dark" is what the mean pixel is.
PackedModel BrightOrDark() {
  InputOperator image;
  image.set_height(kSide);
  image.set_width(kSide);
  image.set_channels(3);
  GraphBuilder net("brightness", image);
  net.Linear(
      "fc",
      net.GlobalAveragePool(
          "pool", net.Relu("relu", net.Convolution("conv", "image", 1, 1, 1))),
      2);
  NetworkToPack network;
  network.graph = net.graph();
  network.values = {{"conv/weights", {1, 1, 1}},
                    {"fc/weights", {1, -1}},
                    {"fc/bias", {-1.5f, 1.5f}}};
  PackedModel model = *PackNetwork(network, TernaryPacking::kTrits);
  for (int c = 0; c < 3; ++c) {
    model.description.add_mean(0);
    model.description.add_deviation(1);
  }
  for (int i = 0; i < network.graph.nodes_size(); ++i)
    model.description.add_clips(3);
  model.description.add_classes("bright");
  model.description.add_classes("dark");
  return model;
}

class RunTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = JoinPath(
        testing::TempDir(),
        std::string("run_test_") +
            testing::UnitTest::GetInstance()->current_test_info()->name());
    ASSERT_TRUE(MakeDirectories(root_).ok());
    ASSERT_TRUE(
        WritePackedModel(BrightOrDark(), JoinPath(root_, "model.trit")).ok());
  }
  void Write(const std::string& image, const std::string& bytes) {
    const std::string path = JoinPath(root_, absl::StrCat("images/", image));
    ASSERT_TRUE(MakeDirectories(path.substr(0, path.find_last_of('/'))).ok());
    ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  }
  // The exit status; what was said is in output_ and error_.
  int Run(const std::string& flags) {
    return Execute(absl::StrCat(
        "inference/run --model=", root_, "/model.trit --source=", root_,
        "/images --data_root= --batch=2 --threads=1 ", flags));
  }
  int Execute(const std::string& command) {
    const std::string output = JoinPath(root_, "stdout");
    const std::string error = JoinPath(root_, "stderr");
    const int result =
        std::system(absl::StrCat(command, " >", output, " 2>", error).c_str());
    output_ = *ReadFile(output);
    error_ = *ReadFile(error);
    return WEXITSTATUS(result);
  }

  std::string root_, output_, error_;
};

// A black picture with a white rectangle in its middle.
std::string Framed(int height, int width, int white_height, int white_width) {
  std::vector<uint8_t> pixels(3 * height * width, 0);
  const int top = (height - white_height) / 2, left = (width - white_width) / 2;
  for (int y = top; y < top + white_height; ++y) {
    for (int x = left; x < left + white_width; ++x) {
      for (int c = 0; c < 3; ++c) pixels[3 * (y * width + x) + c] = 255;
    }
  }
  return EncodeJpeg(pixels, height, width, 3);
}

// Protects: photographs of any size run as evaluation crops them, and one that
// cannot be read is named and left out unless --strict says otherwise.
TEST_F(RunTest, PhotographsOfDifferentSizes) {
  Write("val/bright/1.jpg", PlainJpeg(40, 30, 250, 250, 250));
  // As a whole it is dark, what the crop leaves is not.
  Write("val/bright/2.jpg", Framed(40, 120, 40, 40));
  Write("val/dark/1.jpg", PlainJpeg(9, 50, 10, 10, 10));
  Write("val/dark/2.jpg", PlainJpeg(16, 16, 10, 10, 10));
  ASSERT_EQ(Run("--dataset=imagefolder"), 0) << error_;
  EXPECT_THAT(output_, HasSubstr("top-1 100.00 % of 4 images"));
  Write("val/dark/3.jpg", "no picture");
  ASSERT_EQ(Run("--dataset=imagefolder"), 0) << error_;
  EXPECT_THAT(output_, HasSubstr("top-1 100.00 % of 4 images"));
  EXPECT_THAT(error_, HasSubstr("val/dark/3.jpg"));
  EXPECT_EQ(Run("--dataset=imagefolder --strict"), 2);
  EXPECT_THAT(error_, HasSubstr("val/dark/3.jpg"));
  // The same folder under ImageNet's name.
  EXPECT_EQ(Run("--dataset=imagenet"), 0) << error_;
  EXPECT_EQ(Run("--dataset=imagefolder --shorter_side=3"), 2);
  EXPECT_THAT(error_, HasSubstr("error: --shorter_side: "));
}

// Protects: what is wrong is said of the flag that was given; and a relative
// path is one from where the user stands, whatever --data_root says.
TEST_F(RunTest, TheSourceIsAFlagLikeOthers) {
  Write("val/bright/1.jpg", PlainJpeg(kSide, kSide, 250, 250, 250));
  Write("val/dark/1.jpg", PlainJpeg(kSide, kSide, 10, 10, 10));
  const std::string run =
      absl::StrCat("program=$PWD/inference/run; cd ", root_,
                   " && $program --model=model.trit --data_root=nowhere "
                   "--batch=2 --threads=1 --dataset=imagefolder");
  EXPECT_EQ(Execute(run + " --source=images"), 0) << error_;
  EXPECT_THAT(output_, HasSubstr("top-1 100.00 % of 2 images"));
  EXPECT_EQ(Execute(run), 2);
  EXPECT_THAT(error_, HasSubstr("error: --source: is missing"));
  EXPECT_EQ(Execute(run + " --source=other"), 2);
  EXPECT_THAT(error_, HasSubstr("/other: does not exist; correct --source"));
}

// Protects: the example of README.md names what is on any photograph.
TEST_F(RunTest, TheExampleTakesPhotographsOfAnySize) {
  Write("1.jpg", Framed(40, 120, 40, 40));
  Write("2.jpg", PlainJpeg(kSide, kSide, 10, 10, 10));
  const std::string example =
      absl::StrCat("inference/example ", root_, "/model.trit ", root_);
  EXPECT_EQ(Execute(example + "/images/1.jpg"), 0) << error_;
  EXPECT_EQ(output_, "bright\n");
  EXPECT_EQ(Execute(example + "/images/2.jpg"), 0) << error_;
  EXPECT_EQ(output_, "dark\n");
  EXPECT_EQ(Execute(example + "/images/3.jpg"), 2);
  EXPECT_THAT(error_, HasSubstr("3.jpg: cannot open"));
}

// Protects: names of classes come from the file; none gives orders to the
// terminal, or takes a second line.
TEST_F(RunTest, HostileClassNamesAreOneLine) {
  PackedModel model = BrightOrDark();
  model.description.set_classes(0, "bri\x1b[2J\nght");
  ASSERT_TRUE(WritePackedModel(model, JoinPath(root_, "model.trit")).ok());
  Write("1.jpg", PlainJpeg(kSide, kSide, 250, 250, 250));
  const std::string flags =
      absl::StrCat(root_, "/model.trit --threads=1 --image=", root_, "/images");
  EXPECT_EQ(Execute("inference/run --model=" + flags), 0) << error_;
  EXPECT_THAT(output_, HasSubstr("%  bri [2J ght\n"));
  EXPECT_EQ(Execute(absl::StrCat("inference/example ", root_, "/model.trit ",
                                 root_, "/images/1.jpg")),
            0)
      << error_;
  EXPECT_EQ(output_, "bri [2J ght\n");
}

// Protects: photographs packed into one file, and TFRecords with their labels,
// run as well.
TEST_F(RunTest, PhotographsInOneFile) {
  Write("val/bright/1.jpg", PlainJpeg(40, 30, 250, 250, 250));
  Write("val/dark/1.jpg", PlainJpeg(9, 50, 10, 10, 10));
  const std::string images = JoinPath(root_, "images");
  const auto encoded = OpenImageFolder(images, Split::kTest);
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  const std::string packed = JoinPath(root_, "photographs.packed");
  ASSERT_TRUE(WritePackedPhotographs(packed, "imagefolder", nullptr,
                                     encoded->get(), /*strict=*/true)
                  .ok());
  for (const char* dataset : {"imagefolder", "imagenet"}) {
    ASSERT_EQ(Run(absl::StrCat("--dataset=", dataset, " --source=", packed)), 0)
        << error_;
    EXPECT_THAT(output_, HasSubstr("top-1 100.00 % of 2 images"));
  }
  const std::string records = JoinPath(root_, "records");
  ASSERT_TRUE(MakeDirectories(records).ok());
  for (const int first_label : {0, 1}) {
    std::string shard;
    for (int64_t i = 0; i < 2; ++i) {
      std::string jpeg;
      int32_t label;
      ASSERT_TRUE((*encoded)->Read(i, &jpeg, &label).ok());
      tf::Example example;
      auto& features = *example.mutable_features()->mutable_feature();
      features["image/encoded"].mutable_bytes_list()->add_value(jpeg);
      features["image/class/label"].mutable_int64_list()->add_value(
          label + first_label);
      shard += FrameRecord(example.SerializeAsString());
    }
    for (const auto& [name, text] :
         {std::pair<const char*, std::string>{"validation-0", shard},
          {"classes.txt", "bright\ndark\n"}})
      ASSERT_TRUE(WriteFileAtomically(JoinPath(records, name), text).ok());
    ASSERT_EQ(Run(absl::StrCat("--dataset=tfrecord --source=", records,
                               " --first_label=", first_label)),
              0)
        << error_;
    EXPECT_THAT(output_, HasSubstr("top-1 100.00 % of 2 images"));
  }
}

// Protects: images of the model's size are taken as they are.
TEST_F(RunTest, ImagesOfTheModelsSize) {
  Write("val/bright/1.jpg", PlainJpeg(kSide, kSide, 250, 250, 250));
  // Dark as a whole; resized and cropped it would be bright.
  Write("val/dark/1.jpg", Framed(kSide, kSide, 11, 11));
  ASSERT_EQ(Run("--dataset=imagefolder"), 0) << error_;
  EXPECT_THAT(output_, HasSubstr("top-1 100.00 % of 2 images"));
}

}  // namespace
}  // namespace tritlab
