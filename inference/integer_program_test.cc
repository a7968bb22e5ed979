#include "inference/integer_program.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "base/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "inference/pack_network.h"
#include "inference/packed_model.h"
#include "kernels/threads.h"
#include "models/build.h"
#include "models/checkpoint.h"
#include "models/graph_builder.h"
#include "models/parameters.h"
#include "quant/power_of_two.h"
#include "quant/statistics.h"
#include "training/program.h"
#include "training/trained_network.h"

namespace tritlab {
namespace {

constexpr int64_t kClasses = 5;

Graph Network(const ModelSpec& spec, int64_t side = 16) {
  InputOperator image;
  image.set_height(side);
  image.set_width(side);
  image.set_channels(3);
  return *BuildGraph(spec, image, kClasses);
}

Graph ResNet(CifarResNetSpec::Variant variant = CifarResNetSpec::ORIGINAL) {
  ModelSpec spec;
  spec.mutable_cifar_resnet()->set_depth(8);
  spec.mutable_cifar_resnet()->set_width(8);
  spec.mutable_cifar_resnet()->set_variant(variant);
  return Network(spec);
}

Graph Vgg() {
  ModelSpec spec;
  spec.mutable_vgg_small()->set_width(4);
  return Network(spec);
}

Graph ImageNetResNet(int depth, ImageNetResNetSpec::Variant variant,
                     ImageNetResNetSpec::Stem stem) {
  ModelSpec spec;
  spec.mutable_imagenet_resnet()->set_depth(depth);
  spec.mutable_imagenet_resnet()->set_variant(variant);
  spec.mutable_imagenet_resnet()->set_stem(stem);
  spec.mutable_imagenet_resnet()->set_width(4);
  // The last stage has one pixel, from either stem.
  return Network(spec, stem == ImageNetResNetSpec::SMALL_IMAGES ? 8 : 32);
}

Graph AlexNet(AlexNetSpec::Variant variant) {
  ModelSpec spec;
  spec.mutable_alexnet()->set_width(6);
  spec.mutable_alexnet()->set_variant(variant);
  return Network(spec, 64);
}

Graph Vgg16(bool batch_normalization, bool dropout) {
  ModelSpec spec;
  spec.mutable_vgg16()->set_width(2);
  spec.mutable_vgg16()->set_batch_normalization(batch_normalization);
  spec.mutable_vgg16()->set_dropout(dropout);
  return Network(spec, 32);
}

Graph GoogLeNet(bool batch_normalization, GoogLeNetSpec::Stem stem) {
  ModelSpec spec;
  spec.mutable_googlenet()->set_width(8);
  spec.mutable_googlenet()->set_batch_normalization(batch_normalization);
  spec.mutable_googlenet()->set_stem(stem);
  return Network(spec, 32);
}

// Narrow ones of all networks that models/model.proto has.
std::vector<Graph> AllNetworks() {
  std::vector<Graph> networks = {
      ResNet(),
      ResNet(CifarResNetSpec::PRE_ACTIVATION),
      Vgg(),
      AlexNet(AlexNetSpec::TTQ),
      AlexNet(AlexNetSpec::CAFFE),
      Vgg16(/*batch_normalization=*/false, /*dropout=*/true),
      Vgg16(/*batch_normalization=*/true, /*dropout=*/false),
      GoogLeNet(/*batch_normalization=*/false, GoogLeNetSpec::PHOTOGRAPHS),
      GoogLeNet(/*batch_normalization=*/true, GoogLeNetSpec::PHOTOGRAPHS),
      GoogLeNet(/*batch_normalization=*/true, GoogLeNetSpec::SMALL_IMAGES)};
  for (const auto stem :
       {ImageNetResNetSpec::PHOTOGRAPHS, ImageNetResNetSpec::SMALL_IMAGES}) {
    for (const int depth : {18, 34, 50}) {
      networks.push_back(ImageNetResNet(depth, ImageNetResNetSpec::V1_5, stem));
    }
  }
  networks.push_back(ImageNetResNet(50, ImageNetResNetSpec::V1,
                                    ImageNetResNetSpec::PHOTOGRAPHS));
  return networks;
}

// With images' normalization, and without ranges.
PackedModel PackNormalized(const NetworkToPack& network) {
  PackedModel model = *PackNetwork(network, TernaryPacking::kTrits);
  for (int c = 0; c < 3; ++c) {
    model.description.add_mean(0.5f);
    model.description.add_deviation(0.25f);
  }
  return model;
}

// The network with drawn weights, every second layer's with codes.
PackedModel Packed(const Graph& graph) {
  NetworkToPack network;
  network.graph = graph;
  bool coded = false;
  const Parameters parameters = *InitialParameters(graph, 1);
  for (const ParameterTensor& tensor : parameters.tensors) {
    network.values[tensor.name] = tensor.values;
    if (tensor.role != ParameterTensor::Role::kWeights) continue;
    coded = !coded;
    if (!coded) continue;
    CodedWeights codes = {
        .codes = {}, .codebook = {0, 0.21f, -0.2091f}, .bits = 2};
    for (const float w : tensor.values)
      codes.codes.push_back(w > 0.05f ? 1 : w < -0.05f ? 2 : 0);
    network.codes[tensor.name] = codes;
  }
  PackedModel model = PackNormalized(network);
  for (int i = 0; i < graph.nodes_size(); ++i) model.description.add_clips(3);
  return model;
}

std::vector<uint8_t> Images(int64_t count) {
  std::vector<uint8_t> pixels(count);
  const RandomStream stream(2);
  for (int64_t i = 0; i < count; ++i)
    pixels[i] = static_cast<uint8_t>(stream.Bits(i));
  return pixels;
}

struct Form {
  bool exact;
  PackedModelDescription::Arithmetic first_and_last;
};
constexpr Form kForms[] = {{false, PackedModelDescription::INT8},
                           {true, PackedModelDescription::INT8},
                           {false, PackedModelDescription::F32}};

// The promise of the integer program: no bit depends on how it is computed,
// whatever network it is of.
TEST(IntegerProgramTest, EqualsItsReferenceToTheLastBit) {
  for (const Graph& graph : AllNetworks()) {
    for (const Form& form : kForms) {
      PackedModel model = Packed(graph);
      model.description.set_first_and_last(form.first_and_last);
      const bool exact = form.exact;
      std::vector<float> first;
      for (const int64_t batch : {1, 6}) {
        auto fast =
            IntegerProgram::Create(model, {.batch = batch, .exact = exact});
        auto reference = IntegerProgram::Create(
            model, {.batch = batch, .reference = true, .exact = exact});
        ASSERT_TRUE(fast.ok()) << fast.status();
        ASSERT_TRUE(reference.ok()) << reference.status();
        const std::vector<uint8_t> images = Images((*fast)->image().size());
        std::vector<float> logits(batch * kClasses), expected = logits;
        // Twice: a run must leave nothing behind for the next one.
        for (int run = 0; run < 2; ++run) {
          (*fast)->Run(images.data(), logits.data());
          (*reference)->Run(images.data(), expected.data());
          EXPECT_EQ(logits, expected) << graph.name() << ", batch " << batch;
        }
        // An image's logits do not depend on the images beside it.
        const std::vector<float> of_first(logits.begin(),
                                          logits.begin() + kClasses);
        if (first.empty()) first = of_first;
        EXPECT_EQ(of_first, first) << graph.name();
        EXPECT_NE(of_first, std::vector<float>(kClasses, of_first[0]))
            << "nothing reaches the logits";
      }
    }
  }
}

// The network with all values drawn, biases and normalizations as well, so that
// what lies between layers neither grows nor vanishes. Every second layer's
// weights have codes. Local response normalization takes half of the largest
// values away; of 40 logits the largest is less of an accident than of 5.
NetworkToPack Drawn(Graph graph) {
  for (Node& node : *graph.mutable_nodes()) {
    if (node.has_local_response_normalization())
      node.mutable_local_response_normalization()->set_alpha(0.1f);
  }
  graph.mutable_nodes(graph.nodes_size() - 1)
      ->mutable_linear()
      ->set_out_features(40);
  NetworkToPack network;
  network.graph = graph;
  bool coded = false;
  const Parameters parameters = *InitialParameters(graph, 1);
  for (const ParameterTensor& tensor : parameters.tensors) {
    std::vector<float>& values = network.values[tensor.name];
    values.resize(tensor.values.size());
    const RandomStream stream(3, network.values.size());
    switch (tensor.role) {
      case ParameterTensor::Role::kWeights:
        break;
      case ParameterTensor::Role::kScale:
        stream.FillUniform(-1.2f, 1.2f, values);
        continue;
      case ParameterTensor::Role::kVariance:
        stream.FillUniform(0.5f, 2, values);
        continue;
      case ParameterTensor::Role::kBias:
      case ParameterTensor::Role::kShift:
      case ParameterTensor::Role::kMean:
        stream.FillUniform(-0.5f, 0.5f, values);
        continue;
    }
    const float deviation = std::sqrt(2 / static_cast<float>(tensor.fan_in));
    stream.FillNormal(0, deviation, values);
    coded = !coded;
    if (!coded) continue;
    // These three values have about the same deviation.
    CodedWeights codes = {
        .codes = {},
        .codebook = {0, 1.27f * deviation, -1.2346f * deviation},
        .bits = 2};
    for (float& w : values) {
      codes.codes.push_back(w > deviation / 2 ? 1 : w < -deviation / 2 ? 2 : 0);
      w = codes.codebook[codes.codes.back()];
    }
    network.codes[tensor.name] = codes;
  }
  return network;
}

struct FloatRun {
  std::vector<float> logits;
  // The largest magnitude of each node's values; 1 where all are 0, as those of
  // a ReLU of few channels may be.
  std::vector<float> clips;
};

FloatRun RunInFloats(const NetworkToPack& network, int64_t batch,
                     const std::vector<uint8_t>& pixels) {
  const auto trained =
      *TrainedNetwork::Create(network.graph, Policy(), OptimizerSpec(), 1);
  const Checkpoint start = {
      .graph = network.graph, .tensors = network.values, .position = {}};
  EXPECT_TRUE(trained->Initialize(&start).ok());
  const auto program = *Program::Compile(
      network.graph, trained->Values(/*training=*/false), {.batch = batch});
  program->LoadWeights();
  FloatRun run;
  run.clips.resize(network.graph.nodes_size());
  program->Observe([&](int node, std::span<const float> values) {
    const float largest = LargestMagnitude(values);
    run.clips[node] = largest > 0 ? largest : 1;
  });
  std::vector<float> images;
  for (const uint8_t pixel : pixels)
    images.push_back((static_cast<float>(pixel) / 255 - 0.5f) / 0.25f);
  const auto* logits =
      static_cast<const float*>(program->Forward(images.data()));
  run.logits.assign(logits, logits + batch * program->classes());
  return run;
}

// Protects: folding and rescaling, which the program and its reference share,
// in all networks. No scale is 1, no bias 0, and each node has a range of its
// own.
//
// The bound: a rounding to bytes costs some 1 % of what it rounds, and all
// layers' together 1 % or 2 % of the largest logit; 3.7 % at most in a
// simulation of 40 draws of each network. There, biases that are not scaled by
// the normalization behind them, and a pass's two steps in the other's place,
// cost 11 % at least, and half of the logit mostly.
TEST(IntegerProgramTest, IsNearTheFloatProgram) {
  constexpr int64_t kBatch = 4;
  for (const Graph& graph : AllNetworks()) {
    const NetworkToPack network = Drawn(graph);
    const InputOperator& image = graph.nodes(0).input();
    const std::vector<uint8_t> images =
        Images(kBatch * image.height() * image.width() * image.channels());
    const FloatRun floats = RunInFloats(network, kBatch, images);
    PackedModel model = PackNormalized(network);
    model.description.mutable_clips()->Add(floats.clips.begin(),
                                           floats.clips.end());
    const float bound = 0.07f * LargestMagnitude(floats.logits);
    for (const Form& form : kForms) {
      model.description.set_first_and_last(form.first_and_last);
      auto program =
          IntegerProgram::Create(model, {.batch = kBatch, .exact = form.exact});
      ASSERT_TRUE(program.ok()) << graph.name() << ": " << program.status();
      std::vector<float> logits(floats.logits.size());
      (*program)->Run(images.data(), logits.data());
      EXPECT_THAT(logits,
                  testing::Pointwise(testing::FloatNear(bound), floats.logits))
          << graph.name() << ", " << graph.description();
    }
  }
}

// Protects: a bias in front of a normalization is scaled with the rest, of
// convolutions too, which no network of models/ has so. By hand.
TEST(IntegerProgramTest, NormalizationScalesTheBiasBeforeIt) {
  InputOperator image;
  image.set_height(1);
  image.set_width(1);
  image.set_channels(1);
  GraphBuilder builder("normalized", image);
  std::string x = builder.Convolution("conv", "image", 1, 1, 1, 0,
                                      /*bias=*/true);
  x = builder.Relu("relu", builder.BatchNormalization("bn", x));
  builder.Linear("fc", x, 2);
  NetworkToPack network;
  network.graph = builder.graph();
  network.values = {{"conv/weights", {0.3f}}, {"conv/bias", {0.2f}},
                    {"bn/scale", {4}},        {"bn/shift", {0.1f}},
                    {"bn/mean", {0.1f}},      {"bn/variance", {4}},
                    {"fc/weights", {1, -1}},  {"fc/bias", {0, 0}}};
  PackedModel model = *PackNetwork(network, TernaryPacking::kTrits);
  model.description.add_mean(0);
  model.description.add_deviation(1);
  for (int i = 0; i < network.graph.nodes_size(); ++i)
    model.description.add_clips(1);
  for (const Form& form : kForms) {
    model.description.set_first_and_last(form.first_and_last);
    auto program =
        IntegerProgram::Create(model, {.batch = 1, .exact = form.exact});
    ASSERT_TRUE(program.ok()) << program.status();
    const uint8_t pixel = 102;  // 0.4
    float logits[2];
    (*program)->Run(&pixel, logits);
    // Within a step of the image's bytes and one of the ReLU's.
    const float expected = (0.3f * 0.4f + 0.2f - 0.1f) * 2 + 0.1f;
    EXPECT_NEAR(logits[0], expected, 0.01f);
    EXPECT_NEAR(logits[1], -expected, 0.01f);
  }
}

// Two products for two scales: no error of weights is left, and what was there
// moves the logits a little.
TEST(IntegerProgramTest, TwoProductsAreExact) {
  const PackedModel model = Packed(ResNet());
  auto one = IntegerProgram::Create(model, {.batch = 4});
  auto two = IntegerProgram::Create(model, {.batch = 4, .exact = true});
  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_GT((*one)->weight_error(), 1e-4);
  EXPECT_EQ((*two)->weight_error(), 0);
  const std::vector<uint8_t> images = Images((*one)->image().size());
  std::vector<float> of_one(4 * kClasses), of_two = of_one;
  (*one)->Run(images.data(), of_one.data());
  (*two)->Run(images.data(), of_two.data());
  double difference = 0, size = 0;
  for (size_t i = 0; i < of_one.size(); ++i) {
    difference = std::max<double>(difference, std::abs(of_one[i] - of_two[i]));
    size = std::max<double>(size, std::abs(of_two[i]));
  }
  EXPECT_GT(difference, 0);
  EXPECT_LT(difference, 0.1 * size);
}

// Weights of the values that INQ has with 5 bits, and, where `both_ends`, a
// channel of one convolution with 128, -128 and 1 times the smallest.
PackedModel PackedInq(bool both_ends) {
  NetworkToPack network;
  network.graph = ResNet();
  bool first = true;
  const Parameters parameters = *InitialParameters(network.graph, 1);
  for (const ParameterTensor& tensor : parameters.tensors) {
    network.values[tensor.name] = tensor.values;
    if (tensor.role != ParameterTensor::Role::kWeights) continue;
    // 2^-2 down to 2^-9, then their negatives.
    const PowerOfTwoLevels levels(/*largest_exponent=*/-2,
                                  /*smallest_exponent=*/-9, /*bits=*/5);
    std::vector<float> weights = tensor.values;
    for (float& w : weights) w = std::clamp(w, -0.25f, 0.15f);
    if (both_ends && first) {
      weights[0] = 0.25f;
      weights[1] = -0.25f;
      weights[2] = 1.0f / 512;
    }
    first = false;
    network.codes[tensor.name] = levels.Encode(weights);
  }
  PackedModel model = PackNormalized(network);
  for (int i = 0; i < network.graph.nodes_size(); ++i)
    model.description.add_clips(3);
  return model;
}

// Protects: powers of two are never clipped, 128 is no signed byte or not. Only
// the convolution that has both ends pays a second product.
TEST(IntegerProgramTest, FiveBitsOfInqAreExactWithoutAsking) {
  int64_t weight_bytes[2];
  for (const bool both_ends : {false, true}) {
    const PackedModel model = PackedInq(both_ends);
    auto program = IntegerProgram::Create(model, {.batch = 4, .packed = false});
    auto reference =
        IntegerProgram::Create(model, {.batch = 4, .reference = true});
    auto exact = IntegerProgram::Create(model, {.batch = 4, .exact = true});
    ASSERT_TRUE(program.ok()) << program.status();
    ASSERT_TRUE(reference.ok()) << reference.status();
    ASSERT_TRUE(exact.ok()) << exact.status();
    EXPECT_EQ((*program)->weight_error(), 0);
    weight_bytes[both_ends] = (*reference)->weight_bytes();  // not padded
    const std::vector<uint8_t> images = Images((*program)->image().size());
    std::vector<float> logits(4 * kClasses), of_reference = logits,
                                             of_exact = logits;
    (*program)->Run(images.data(), logits.data());
    (*reference)->Run(images.data(), of_reference.data());
    (*exact)->Run(images.data(), of_exact.data());
    EXPECT_EQ(logits, of_reference);
    EXPECT_EQ(logits, of_exact);
  }
  EXPECT_EQ(weight_bytes[true] - weight_bytes[false], 8 * 3 * 3 * 3);
}

// Protects: the first layer reads the image as it is and the last one's weights
// are not rounded. What the two roundings cost moves the logits a little, and
// their weights take 4 bytes each.
TEST(IntegerProgramTest, FirstAndLastLayersInFloats) {
  const Graph graph = ResNet();
  PackedModel model = Packed(graph);
  auto bytes = IntegerProgram::Create(model, {.batch = 4, .packed = false});
  model.description.set_first_and_last(PackedModelDescription::F32);
  auto floats = IntegerProgram::Create(model, {.batch = 4, .packed = false});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  ASSERT_TRUE(floats.ok()) << floats.status();
  const std::vector<uint8_t> images = Images((*bytes)->image().size());
  std::vector<float> of_bytes(4 * kClasses), of_floats = of_bytes;
  (*bytes)->Run(images.data(), of_bytes.data());
  (*floats)->Run(images.data(), of_floats.data());
  double difference = 0, size = 0;
  for (size_t i = 0; i < of_bytes.size(); ++i) {
    difference =
        std::max<double>(difference, std::abs(of_bytes[i] - of_floats[i]));
    size = std::max<double>(size, std::abs(of_floats[i]));
  }
  EXPECT_GT(difference, 0);
  EXPECT_LT(difference, 0.1 * size);
  EXPECT_GT((*floats)->weight_bytes(), (*bytes)->weight_bytes());
}

// Protects: f32 as it is. One convolution of one weight, then a mean and a
// linear layer, by hand.
TEST(IntegerProgramTest, FloatLayersAreNotRounded) {
  InputOperator image;
  image.set_height(1);
  image.set_width(1);
  image.set_channels(1);
  GraphBuilder builder("two layers", image);
  builder.Linear(
      "fc", builder.Relu("relu", builder.Convolution("conv", "image", 1, 1, 1)),
      2);
  NetworkToPack network;
  network.graph = builder.graph();
  network.values = {{"conv/weights", {0.3f}},
                    {"fc/weights", {0.123456f, -0.01f}},
                    {"fc/bias", {0.5f, 0.25f}}};
  PackedModel model = *PackNetwork(network, TernaryPacking::kTrits);
  model.description.add_mean(0);
  model.description.add_deviation(1);
  for (int i = 0; i < network.graph.nodes_size(); ++i)
    model.description.add_clips(0.255f);  // a step of 0.001
  model.description.set_first_and_last(PackedModelDescription::F32);
  auto program = IntegerProgram::Create(model, {.batch = 1});
  ASSERT_TRUE(program.ok()) << program.status();
  const uint8_t pixel = 102;  // 0.4: 0.12 behind the convolution, 120 steps
  float logits[2];
  (*program)->Run(&pixel, logits);
  EXPECT_NEAR(logits[0], 0.5f + 0.12f * 0.123456f, 1e-6);
  EXPECT_NEAR(logits[1], 0.25f - 0.12f * 0.01f, 1e-6);
}

std::vector<float> LogitsOf(const NetworkToPack& network,
                            const std::map<std::string, float>& clips) {
  PackedModel model = PackNormalized(network);
  for (const Node& node : network.graph.nodes()) {
    const auto found = clips.find(node.name());
    model.description.add_clips(found == clips.end() ? 3 : found->second);
  }
  auto program = IntegerProgram::Create(model, {.batch = 2});
  EXPECT_TRUE(program.ok()) << program.status();
  const std::vector<uint8_t> images = Images((*program)->image().size());
  std::vector<float> logits(2 * kClasses);
  (*program)->Run(images.data(), logits.data());
  return logits;
}

// Two layers side by side are one layer with the filters of both: the layers
// take the concatenation's step. Dropout is nothing.
TEST(IntegerProgramTest, AConcatenationIsOneLayer) {
  InputOperator image;
  image.set_height(9);
  image.set_width(9);
  image.set_channels(3);
  const auto finish = [](GraphBuilder& builder, const std::string& features) {
    builder.Linear("fc", builder.GlobalAveragePool("pool", features), kClasses);
  };
  GraphBuilder one("one", image), two("two", image);
  finish(one, one.Relu("relu", one.Convolution("conv", "image", 16, 3, 1)));
  finish(two,
         two.Dropout(
             "dropout",
             two.Concat(
                 "both",
                 {two.Relu("relu_a", two.Convolution("a", "image", 6, 3, 1)),
                  two.Relu("relu_b", two.Convolution("b", "image", 10, 3, 1))}),
             0.4f));
  NetworkToPack whole, halves;
  whole.graph = one.graph();
  halves.graph = two.graph();
  const Parameters parameters = *InitialParameters(whole.graph, 1);
  for (const ParameterTensor& tensor : parameters.tensors)
    whole.values[tensor.name] = tensor.values;
  halves.values = whole.values;
  const std::vector<float>& weights = whole.values["conv/weights"];
  const auto middle = weights.begin() + 6 * 27;
  halves.values.erase("conv/weights");
  halves.values["a/weights"].assign(weights.begin(), middle);
  halves.values["b/weights"].assign(middle, weights.end());
  EXPECT_EQ(LogitsOf(halves, {{"relu_a", 5}, {"relu_b", 2}}),
            LogitsOf(whole, {}));
}

// An input that others read keeps its own step, and is rounded to that of the
// concatenation: here to a coarser one.
TEST(IntegerProgramTest, AConcatenationRoundsInputsThatHaveOtherReaders) {
  InputOperator image;
  image.set_height(9);
  image.set_width(9);
  image.set_channels(3);
  GraphBuilder builder("reads twice", image);
  const std::string relu =
      builder.Relu("relu", builder.Convolution("conv", "image", 8, 3, 1));
  builder.Linear(
      "fc",
      builder.GlobalAveragePool("pool", builder.Concat("twice", {relu, relu})),
      kClasses);
  NetworkToPack network;
  network.graph = builder.graph();
  const Parameters parameters = *InitialParameters(network.graph, 1);
  for (const ParameterTensor& tensor : parameters.tensors)
    network.values[tensor.name] = tensor.values;
  const std::vector<float> same = LogitsOf(network, {});
  const std::vector<float> wider = LogitsOf(network, {{"twice", 100}});
  EXPECT_NE(same, wider) << "the concatenation's own range is not used";
  for (size_t i = 0; i < same.size(); ++i) EXPECT_NEAR(same[i], wider[i], 0.2f);
}

// Parts that do not divide the batch overlap.
TEST(IntegerProgramTest, PartsOfABatchChangeNothing) {
  const PackedModel model = Packed(ResNet());
  auto whole = IntegerProgram::Create(model, {.batch = 7, .part = 7});
  ASSERT_TRUE(whole.ok()) << whole.status();
  const std::vector<uint8_t> images = Images((*whole)->image().size());
  std::vector<float> logits(7 * kClasses), expected = logits;
  (*whole)->Run(images.data(), expected.data());
  for (const int64_t part : {1, 3, 100}) {
    auto program = IntegerProgram::Create(model, {.batch = 7, .part = part});
    ASSERT_TRUE(program.ok()) << program.status();
    EXPECT_EQ((*program)->image(), (*whole)->image());
    (*program)->Run(images.data(), logits.data());
    EXPECT_EQ(logits, expected) << "parts of " << part;
  }
}

// Of a single image one thread may be the faster: whichever it is gives the
// same bits, and leaves the caller's number of threads as it was.
TEST(IntegerProgramTest, OneThreadChangesNothing) {
  const PackedModel model = Packed(ResNet());
  std::vector<float> logits(kClasses), expected = logits;
  for (const int threads : {1, 2}) {
    const ScopedThreads scope(threads);
    const int set = Threads();
    auto program = IntegerProgram::Create(model, {.batch = 1});
    ASSERT_TRUE(program.ok()) << program.status();
    (*program)->Run(Images((*program)->image().size()).data(), logits.data());
    EXPECT_EQ(Threads(), set);
    if (threads == 1) expected = logits;
    EXPECT_EQ(logits, expected);
  }
}

TEST(IntegerProgramTest, WhatHasNoIntegerFormIsNamed) {
  Graph graph = ResNet();
  // Logits are f32: nothing can follow them.
  Node* const fc = graph.mutable_nodes(graph.nodes_size() - 1);
  Node relu;
  relu.set_name("relu_of_logits");
  relu.add_inputs(fc->name());
  relu.mutable_relu();
  *graph.add_nodes() = relu;
  const auto program = IntegerProgram::Create(Packed(graph), {.batch = 1});
  EXPECT_EQ(program.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(program.status().message()),
              testing::HasSubstr("node relu_of_logits"));
}

// Protects: finite numbers whose products are not, as only a hostile file has
// them, reach no conversion to bytes.
TEST(IntegerProgramTest, ScalesBeyondFloatsAreRefused) {
  PackedModel model = Packed(ResNet());
  const float largest = 3e38f;
  for (const PackedTensor& tensor : model.description.tensors()) {
    if (!absl::EndsWith(tensor.name(), "/scale")) continue;
    std::memcpy(model.tensors.Own().data() + tensor.offset(), &largest,
                sizeof(largest));
  }
  for (float& clip : *model.description.mutable_clips()) clip = 1e-3f;
  for (const bool reference : {false, true}) {
    const absl::Status status =
        IntegerProgram::Create(model, {.reference = reference}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                testing::HasSubstr("beyond what floats hold"));
  }
}

TEST(IntegerProgramTest, AModelThatLacksSomethingIsRefused) {
  const auto message = [](const PackedModel& model) {
    return std::string(
        IntegerProgram::Create(model, {.batch = 1}).status().message());
  };
  PackedModel model = Packed(ResNet());
  model.description.clear_clips();
  EXPECT_THAT(message(model), testing::HasSubstr("no range of its values"));
  // So small that a byte's step would be 0.
  model = Packed(ResNet());
  model.description.set_clips(3, 1e-43f);
  EXPECT_THAT(message(model), testing::HasSubstr("no range of its values"));
  model = Packed(ResNet());
  model.description.clear_mean();
  EXPECT_THAT(message(model), testing::HasSubstr("how images are normalized"));
  model = Packed(ResNet());
  model.description.set_mean(1, NAN);
  EXPECT_THAT(message(model),
              testing::HasSubstr("normalization is impossible; pack it anew"));
  model = Packed(ResNet());
  model.description.mutable_tensors(0)->set_name("other/weights");
  EXPECT_THAT(message(model), testing::HasSubstr("no tensor conv1/weights"));
  // A linear layer always has a bias.
  model = Packed(ResNet());
  for (PackedTensor& tensor : *model.description.mutable_tensors())
    if (tensor.name() == "fc/bias") tensor.set_name("conv1/bias");
  EXPECT_THAT(message(model), testing::HasSubstr("no tensor fc/bias"));
  // As many channel scales as divide the weights are not enough.
  model = Packed(ResNet());
  PackedTensor* weights = nullptr;
  for (PackedTensor& tensor : *model.description.mutable_tensors())
    if (tensor.packing() != PackedTensor::F32) weights = &tensor;
  ASSERT_NE(weights, nullptr);
  weights->mutable_channel_scales()->Resize(2, 1.0f);
  EXPECT_THAT(message(model), testing::HasSubstr("2 channel scales, not one"));
}

}  // namespace
}  // namespace tritlab
