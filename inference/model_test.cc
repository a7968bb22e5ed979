#include "inference/model.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "datasets/dataset.h"
#include "datasets/open_dataset.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "inference/accuracy.h"
#include "inference/emulation.h"
#include "inference/pack_network.h"
#include "models/build.h"
#include "models/parameters.h"

namespace tritlab {
namespace {

std::unique_ptr<Dataset> Images() {
  DatasetSpec spec;
  spec.set_name("synthetic");
  spec.mutable_synthetic()->set_train_images(10);
  spec.mutable_synthetic()->set_test_images(45);
  return *OpenDataset(spec, "", Split::kTest);
}

// The same, some of which cannot be read.
class DamagedImages : public Dataset {
 public:
  // strict: such an image is an error.
  DamagedImages(std::function<bool(int64_t)> damaged, bool strict)
      : Dataset(Images()->info()),
        images_(Images()),
        damaged_(std::move(damaged)),
        strict_(strict) {}

  int64_t size() const override { return images_->size(); }
  uint32_t checksum() const override { return images_->checksum(); }
  absl::Status Read(int64_t index, std::span<uint8_t> pixels,
                    int32_t* label) const override {
    if (damaged_(index)) return absl::InvalidArgumentError("no JPEG");
    return images_->Read(index, pixels, label);
  }
  const uint8_t* InMemory(int64_t /*index*/) const override { return nullptr; }
  int32_t label(int64_t index) const override { return images_->label(index); }
  bool LeaveOut(int64_t index, const absl::Status& /*reason*/) const override {
    return !strict_ && damaged_(index);
  }

 private:
  const std::unique_ptr<Dataset> images_;
  const std::function<bool(int64_t)> damaged_;
  const bool strict_;
};

PackedModel Packed() {
  const auto images = Images();
  ModelSpec spec;
  spec.mutable_cifar_resnet()->set_depth(8);
  InputOperator image;
  image.set_height(32);
  image.set_width(32);
  image.set_channels(3);
  NetworkToPack network;
  network.graph = *BuildGraph(spec, image, images->classes());
  const Parameters parameters = *InitialParameters(network.graph, 1);
  for (const ParameterTensor& tensor : parameters.tensors)
    network.values[tensor.name] = tensor.values;
  PackedModel model = *PackNetwork(network, TernaryPacking::kBits);
  PackedModelDescription& description = model.description;
  for (int i = 0; i < network.graph.nodes_size(); ++i) description.add_clips(4);
  const Normalization& normalization = images->normalization();
  description.mutable_mean()->Add(normalization.mean.begin(),
                                  normalization.mean.end());
  description.mutable_deviation()->Add(normalization.std.begin(),
                                       normalization.std.end());
  for (const std::string& name : images->class_names())
    description.add_classes(name);
  return model;
}

// From the file, and in batches that do not divide the images.
TEST(ModelTest, AccuracyDependsNeitherOnTheFileNorOnTheBatch) {
  const std::string path = testing::TempDir() + "/model.trit";
  ASSERT_TRUE(WritePackedModel(Packed(), path).ok());
  const auto images = Images();
  const auto one_by_one = Model::Load(path);
  ASSERT_TRUE(one_by_one.ok()) << one_by_one.status();
  const double top1 = *Top1(**one_by_one, *images);
  EXPECT_GE(top1, 0);
  EXPECT_EQ(*Top1(**Model::Create(Packed(), 7), *images), top1);
  EXPECT_EQ(*Top1(**Model::Create(Packed(), 64), *images), top1);
}

// Protects: what reports say of plain loops is the program's own accuracy where
// all images are seen, in batches that do not divide them.
TEST(EmulationTest, IsWorthWhatTheProgramIs) {
  const auto images = Images();
  const auto emulation = Emulate(Packed(), *images, 1000);
  ASSERT_TRUE(emulation.ok()) << emulation.status();
  EXPECT_EQ(emulation->images, 45);
  EXPECT_EQ(emulation->differences, 0);
  EXPECT_EQ(emulation->top1, *Top1(**Model::Create(Packed()), *images));
  EXPECT_EQ(Emulate(Packed(), *images, 5)->images, 5);
}

// Protects: a picture that cannot be read costs itself, not the evaluation, as
// in training; with --strict, which asks for it, the evaluation stops.
TEST(ModelTest, ImagesThatCannotBeReadAreLeftOut) {
  const auto images = Images();
  const auto damaged = [](int64_t index) { return index == 3 || index == 44; };
  const auto model = *Model::Create(Packed(), 7);
  // By hand: the others, one by one.
  const auto single = *Model::Create(Packed());
  std::vector<uint8_t> pixels(32 * 32 * 3);
  std::vector<float> logits(10);
  int correct = 0;
  for (int64_t i = 0; i < images->size(); ++i) {
    if (damaged(i)) continue;
    int32_t label;
    ASSERT_TRUE(images->Read(i, pixels, &label).ok());
    ASSERT_TRUE(single->Run(pixels, logits).ok());
    correct +=
        std::max_element(logits.begin(), logits.end()) - logits.begin() ==
        label;
  }
  const DamagedImages lenient(damaged, /*strict=*/false);
  const auto top1 = Top1(*model, lenient);
  ASSERT_TRUE(top1.ok()) << top1.status();
  EXPECT_DOUBLE_EQ(*top1, 100.0 * correct / 43);
  const auto emulation = Emulate(Packed(), lenient, 1000);
  ASSERT_TRUE(emulation.ok()) << emulation.status();
  EXPECT_EQ(emulation->images, 43);
  EXPECT_DOUBLE_EQ(emulation->top1, *top1);

  const DamagedImages strict(damaged, /*strict=*/true);
  EXPECT_EQ(Top1(*model, strict).status().message(), "no JPEG");
  EXPECT_EQ(Emulate(Packed(), strict, 1000).status().message(), "no JPEG");
  const DamagedImages none([](int64_t) { return true; }, /*strict=*/false);
  EXPECT_THAT(std::string(Top1(*model, none).status().message()),
              testing::HasSubstr("no image in it that can be read"));
  EXPECT_THAT(std::string(Emulate(Packed(), none, 9).status().message()),
              testing::HasSubstr("no image in it that can be read"));
}

// Protects: large networks do not keep a run waiting for hours.
TEST(EmulationTest, FewerImagesOfLargerNetworks) {
  const int64_t small = *ImagesToEmulate(Packed());
  EXPECT_GT(small, 100);
  PackedModel large = Packed();
  ModelSpec spec;
  spec.mutable_vgg16();
  InputOperator image;
  image.set_height(224);
  image.set_width(224);
  image.set_channels(3);
  *large.description.mutable_graph() = *BuildGraph(spec, image, 10);
  const int64_t of_large = *ImagesToEmulate(large);
  EXPECT_GE(of_large, 1);
  EXPECT_LT(of_large, small);
}

TEST(ModelTest, WhatDoesNotFitIsRefused) {
  auto model = *Model::Create(Packed());
  std::vector<uint8_t> pixels(32 * 32 * 3);
  std::vector<float> logits(9);
  EXPECT_THAT(std::string(model->Run(pixels, logits).message()),
              testing::HasSubstr("gives 10 logits, not 3072 and 9"));
  PackedModel nameless = Packed();
  nameless.description.clear_classes();
  EXPECT_THAT(std::string(Model::Create(nameless).status().message()),
              testing::HasSubstr("names 0 classes"));
  PackedModel other = Packed();
  other.description.set_classes(0, "something else");
  EXPECT_THAT(
      std::string(Top1(**Model::Create(other), *Images()).status().message()),
      testing::HasSubstr("classes"));
}

TEST(ModelTest, AFileThatIsNoneIsNamed) {
  const auto model = Model::Load(testing::TempDir() + "/missing.trit");
  EXPECT_THAT(std::string(model.status().message()),
              testing::HasSubstr("missing.trit"));
}

}  // namespace
}  // namespace tritlab
