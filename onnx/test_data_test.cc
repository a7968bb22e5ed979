#include "onnx/test_data.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "inference/integer_program.h"
#include "inference/pack_network.h"
#include "models/graph_builder.h"
#include "onnx/onnx.pb.h"

namespace tritlab {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;

constexpr int kHeight = 2, kWidth = 3, kChannels = 2, kPixels = 6;

// Image i has, at pixel p, i + p in channel 0 and 200 - i in channel 1.
std::unique_ptr<Dataset> Images(int count) {
  std::vector<uint8_t> pixels;
  for (int i = 0; i < count; ++i) {
    for (int p = 0; p < kPixels; ++p) {
      pixels.push_back(static_cast<uint8_t>(i + p));
      pixels.push_back(static_cast<uint8_t>(200 - i));
    }
  }
  auto images =
      MemoryDataset::Create({.name = "test",
                             .source = "test",
                             .shape = {kHeight, kWidth, kChannels},
                             .class_names = {"a", "b"},
                             .normalization = {{-0.25f, -0.5f}, {0.5f, 0.25f}}},
                            std::move(pixels), std::vector<int32_t>(count, 0));
  EXPECT_TRUE(images.ok()) << images.status();
  return *std::move(images);
}

// The logits are the channels' means, which are not negative.
PackedModel Means() {
  InputOperator image;
  image.set_height(kHeight);
  image.set_width(kWidth);
  image.set_channels(kChannels);
  GraphBuilder net("means", image);
  net.Linear(
      "fc",
      net.GlobalAveragePool(
          "pool", net.Relu("relu", net.Convolution("conv", "image", 2, 1, 1))),
      2);
  NetworkToPack network;
  network.graph = net.graph();
  network.values = {{"conv/weights", {1, 0, 0, 1}},
                    {"fc/weights", {1, 0, 0, 1}},
                    {"fc/bias", {0, 0}}};
  PackedModel model = *PackNetwork(network, TernaryPacking::kBits);
  const Normalization normalization = Images(1)->normalization();
  for (int c = 0; c < kChannels; ++c) {
    model.description.add_mean(normalization.mean[c]);
    model.description.add_deviation(normalization.std[c]);
  }
  for (int i = 0; i < network.graph.nodes_size(); ++i)
    model.description.add_clips(2);
  return model;
}

std::string NewFolder(const std::string& name) {
  return JoinPath(testing::TempDir(), "test_data_test_" + name);
}

onnx::TensorProto ReadTensor(const std::string& path) {
  onnx::TensorProto tensor;
  const auto bytes = ReadFile(path);
  EXPECT_TRUE(bytes.ok() && tensor.ParseFromString(*bytes)) << path;
  return tensor;
}

std::vector<float> ValuesOf(const onnx::TensorProto& tensor) {
  const auto* values = reinterpret_cast<const float*>(tensor.raw_data().data());
  return {values, values + tensor.raw_data().size() / sizeof(float)};
}

float Normalized(float value, int channel) {
  const Normalization how = Images(1)->normalization();
  return (value / 255 - how.mean[channel]) / how.std[channel];
}

// Protects: what another runtime is given is what our program saw, channels
// first and normalized, and what is wanted of it belongs to the same image, in
// the last, smaller set too.
TEST(TestData, InFloats) {
  const PackedModel model = Means();
  const auto network = NetworkOf(model);
  ASSERT_TRUE(network.ok()) << network.status();
  const auto expected =
      OutputInFloats(*network, NormalizationOf(model.description));
  ASSERT_TRUE(expected.ok()) << expected.status();
  const std::string folder = NewFolder("floats");
  ASSERT_TRUE(WriteTestData(*expected, *Images(60), 60, folder).ok());
  const std::string last = JoinPath(folder, "test_data_set_1");
  EXPECT_FALSE(FileExists(JoinPath(folder, "test_data_set_2")));
  const auto input = ReadTensor(JoinPath(last, "input_0.pb"));
  const auto output = ReadTensor(JoinPath(last, "output_0.pb"));
  EXPECT_THAT(input.dims(), ElementsAre(10, kChannels, kHeight, kWidth));
  EXPECT_THAT(output.dims(), ElementsAre(10, 2));
  const std::vector<float> images = ValuesOf(input), logits = ValuesOf(output);
  for (int i = 0; i < 10; ++i) {
    const auto index = static_cast<float>(50 + i);
    for (int p = 0; p < kPixels; ++p) {
      const float* const image = &images[i * kChannels * kPixels];
      EXPECT_FLOAT_EQ(image[p], Normalized(index + static_cast<float>(p), 0));
      EXPECT_FLOAT_EQ(image[kPixels + p], Normalized(200 - index, 1));
    }
    EXPECT_THAT(logits[2 * i], FloatNear(Normalized(index + 2.5f, 0), 1e-5f));
    EXPECT_THAT(logits[2 * i + 1],
                FloatNear(Normalized(200 - index, 1), 1e-5f));
  }
}

// Protects: the bytes' logits are the integer program's; fewer images than
// there are come from all over the dataset.
TEST(TestData, OverBytes) {
  const auto expected = OutputOverBytes(Means());
  ASSERT_TRUE(expected.ok()) << expected.status();
  const auto images = Images(60);
  const std::string folder = NewFolder("bytes");
  ASSERT_TRUE(WriteTestData(*expected, *images, 2, folder).ok());
  const auto output =
      ReadTensor(JoinPath(folder, "test_data_set_0/output_0.pb"));
  const auto program = IntegerProgram::Create(Means(), {});
  ASSERT_TRUE(program.ok()) << program.status();
  std::vector<float> wanted(4);
  (*program)->Run(images->InMemory(0), &wanted[0]);
  (*program)->Run(images->InMemory(30), &wanted[2]);
  EXPECT_EQ(ValuesOf(output), wanted);
}

// Protects: test data of another export is not mixed with this one's, and
// images of another size are refused.
TEST(TestData, Refuses) {
  const auto expected = OutputOverBytes(Means());
  ASSERT_TRUE(expected.ok()) << expected.status();
  const std::string folder = NewFolder("refuses");
  ASSERT_TRUE(WriteTestData(*expected, *Images(1), 1, folder).ok());
  EXPECT_THAT(WriteTestData(*expected, *Images(1), 1, folder).message(),
              HasSubstr("test_data_set_0 is there already"));
  ExpectedOutput larger = *expected;
  larger.image.height = kHeight + 1;
  EXPECT_THAT(
      WriteTestData(larger, *Images(1), 1, NewFolder("larger")).message(),
      HasSubstr("its images are not those of the model"));
}

}  // namespace
}  // namespace tritlab
