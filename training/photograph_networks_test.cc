// Photographs through every network for photographs, from the file to the
// logits. With the test's environment variable TRITLAB_PHOTOGRAPHS, an image
// folder or an archive of one, through the networks at their full width
// and 224 pixels a side:
//
//   bazel test //training:photograph_networks_test --test_timeout=3600
//       --test_env=TRITLAB_PHOTOGRAPHS=/data/imagenet-sample.tar.gz
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "datasets/augmentation.h"
#include "datasets/image_folder.h"
#include "datasets/jpeg_writer.h"
#include "datasets/photographs.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "models/build.h"
#include "training/program.h"
#include "training/trained_network.h"

namespace tritlab {
namespace {

const char* GivenPhotographs() { return std::getenv("TRITLAB_PHOTOGRAPHS"); }

// A few of them, of different sizes, grey and CMYK ones too.
std::string DrawnPhotographs() {
  const std::string folder = JoinPath(testing::TempDir(), "drawn");
  const std::string images = JoinPath(folder, "test/class");
  EXPECT_TRUE(MakeDirectories(images).ok());
  struct {
    int height, width, components;
  } const sizes[] = {{70, 110, 3}, {200, 90, 1}, {96, 96, 4}, {20, 33, 3}};
  for (size_t i = 0; i < std::size(sizes); ++i) {
    const auto [height, width, components] = sizes[i];
    std::vector<uint8_t> pixels(height * width * components);
    const RandomStream random(1, i);
    for (size_t k = 0; k < pixels.size(); ++k)
      pixels[k] = static_cast<uint8_t>(random.Below(k / 40, 256));
    EXPECT_TRUE(
        WriteFileAtomically(JoinPath(images, std::to_string(i) + ".jpg"),
                            EncodeJpeg(pixels, height, width, components))
            .ok());
  }
  return folder;
}

struct Network {
  const char* narrow;  // ModelSpec, and the side of its images
  int side;
  const char* full;  // at 224 pixels
};

class PhotographNetworksTest : public testing::TestWithParam<Network> {};

TEST_P(PhotographNetworksTest, PhotographsGoThrough) {
  const bool given = GivenPhotographs() != nullptr;
  const int side = given ? 224 : GetParam().side;
  auto files = OpenImageFolder(given ? GivenPhotographs() : DrawnPhotographs(),
                               Split::kTest);
  ASSERT_TRUE(files.ok()) << files.status();
  Photographs::Options options{
      .name = "photographs",
      .resize = {},
      .normalization = {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}},
      .strict = true};
  options.resize.set_crop(side);
  const auto photographs = Photographs::Create(*std::move(files), options);
  ASSERT_TRUE(photographs.ok()) << photographs.status();

  ModelSpec model;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      given ? GetParam().full : GetParam().narrow, &model));
  constexpr int kClasses = 100;
  InputOperator image;
  image.set_height(side);
  image.set_width(side);
  image.set_channels(3);
  const auto graph = BuildGraph(model, image, kClasses);
  ASSERT_TRUE(graph.ok()) << graph.status();
  OptimizerSpec optimizer;
  optimizer.mutable_sgd();
  const auto network = TrainedNetwork::Create(*graph, Policy(), optimizer, 1);
  ASSERT_TRUE(network.ok()) << network.status();
  ASSERT_TRUE((*network)->Initialize(nullptr).ok());
  const std::vector<NodeValues> values = (*network)->Values(false);
  const auto program = Program::Compile(*graph, values, {.batch = 1});
  ASSERT_TRUE(program.ok()) << program.status();
  (*program)->LoadWeights();

  const ImageShape shape = (*photographs)->shape();
  const ImageTransform transform(shape, options.normalization);
  std::vector<uint8_t> pixels(shape.size());
  std::vector<float> input(shape.size());
  for (int64_t i = 0; i < (*photographs)->size(); ++i) {
    int32_t label;
    const absl::Status status = (*photographs)->Read(i, pixels, &label);
    ASSERT_TRUE(status.ok()) << status;
    transform.Apply(pixels.data(), {}, input.data());
    const auto* const logits =
        static_cast<const float*>((*program)->Forward(input.data()));
    bool differ = false;
    for (int c = 0; c < kClasses; ++c) {
      ASSERT_TRUE(std::isfinite(logits[c])) << "image " << i << ", class " << c;
      differ = differ || logits[c] != logits[0];
    }
    EXPECT_TRUE(differ) << "image " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, PhotographNetworksTest,
    testing::Values(
        Network{"alexnet { width: 24 }", 67, "alexnet { }"},
        Network{"alexnet { variant: CAFFE width: 24 }", 67,
                "alexnet { variant: CAFFE }"},
        Network{"vgg16 { width: 8 }", 64, "vgg16 { }"},
        Network{"vgg16 { width: 8 batch_normalization: true dropout: true }",
                64, "vgg16 { batch_normalization: true dropout: true }"},
        Network{"googlenet { width: 16 }", 64, "googlenet { }"},
        Network{"googlenet { width: 16 auxiliary_heads: true }", 64,
                "googlenet { auxiliary_heads: true }"},
        Network{"googlenet { width: 16 batch_normalization: true }", 64,
                "googlenet { batch_normalization: true }"},
        Network{"imagenet_resnet { depth: 18 width: 16 }", 64,
                "imagenet_resnet { depth: 18 }"},
        Network{"imagenet_resnet { depth: 34 width: 16 }", 64,
                "imagenet_resnet { depth: 34 }"},
        Network{"imagenet_resnet { depth: 50 width: 16 }", 64,
                "imagenet_resnet { depth: 50 }"},
        Network{"imagenet_resnet { depth: 50 variant: V1 width: 16 }", 64,
                "imagenet_resnet { depth: 50 variant: V1 }"},
        Network{"vgg_small { width: 16 }", 32, "vgg_small { }"}));

}  // namespace
}  // namespace tritlab
