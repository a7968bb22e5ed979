#include "training/weight_pictures.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "models/build.h"

namespace tritlab {
namespace {

std::unique_ptr<TrainedNetwork> Network(const std::string& policy_text) {
  ModelSpec model;
  model.mutable_cifar_resnet()->set_depth(8);
  model.mutable_cifar_resnet()->set_width(2);
  InputOperator image;
  image.set_height(8);
  image.set_width(8);
  image.set_channels(3);
  Policy policy;
  EXPECT_TRUE(
      google::protobuf::TextFormat::ParseFromString(policy_text, &policy));
  OptimizerSpec optimizer;
  optimizer.mutable_sgd();
  auto network = *TrainedNetwork::Create(*BuildGraph(model, image, 10), policy,
                                         optimizer, 1);
  EXPECT_TRUE(network->Initialize(nullptr).ok());
  network->Quantize();
  return network;
}

// Protects: one histogram a quantized layer, of its latent weights, and two
// pictures of computed ones however many layers there are.
TEST(WeightPictures, LatentWeightsAndTheFirstAndLastKernels) {
  const auto network = Network("rules { layers: '*' quantizer { ttq { } } }");
  const TensorBoardPictures pictures = PicturesOfWeights("ttq", *network);
  std::vector<std::string> quantized;
  for (const TrainedNetwork::Layer& layer : network->layers()) {
    if (layer.quantizer == nullptr) continue;
    const TensorBoardHistogram& histogram =
        pictures.histograms.at(quantized.size());
    quantized.push_back(layer.node->name());
    EXPECT_EQ(histogram.tag, "ttq/" + layer.node->name() + "/latent_weights");
    EXPECT_EQ(histogram.values.data(), network->latent(layer).data());
  }
  ASSERT_GT(quantized.size(), 2u);
  EXPECT_EQ(pictures.histograms.size(), quantized.size());
  ASSERT_EQ(pictures.images.size(), 2u);
  EXPECT_EQ(pictures.images[0].tag, "ttq/" + quantized.front() + "/kernels");
  EXPECT_EQ(pictures.images[1].tag, "ttq/" + quantized.back() + "/kernels");
  EXPECT_EQ(pictures.images[0].height, 2 * 4 * 8);
  EXPECT_EQ(pictures.images[1].height, 8 * 4 * 8);
}

TEST(WeightPictures, NoneOfANetworkInFullPrecision) {
  const TensorBoardPictures pictures =
      PicturesOfWeights("full_precision", *Network(""));
  EXPECT_TRUE(pictures.histograms.empty());
  EXPECT_TRUE(pictures.images.empty());
}

}  // namespace
}  // namespace tritlab
