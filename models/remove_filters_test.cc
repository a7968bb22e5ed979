#include "models/remove_filters.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"
#include "kernels/reference/batch_normalization.h"
#include "kernels/reference/convolution.h"
#include "kernels/reference/linear.h"
#include "kernels/reference/pooling.h"
#include "models/build.h"
#include "models/graph_builder.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

using Reason = RemovedFilter::Reason;
using Values = std::vector<float>;

InputOperator Image(int64_t side, int64_t channels = 3) {
  InputOperator image;
  image.set_height(side);
  image.set_width(side);
  image.set_channels(channels);
  return image;
}

Graph ResNet(bool pre_activation, int width = 6) {
  ModelSpec model;
  model.mutable_cifar_resnet()->set_depth(8);
  model.mutable_cifar_resnet()->set_width(width);
  if (pre_activation) {
    model.mutable_cifar_resnet()->set_variant(CifarResNetSpec::PRE_ACTIVATION);
  }
  return *BuildGraph(model, Image(8), 5);
}

Graph Vgg(int width = 4) {
  ModelSpec model;
  model.mutable_vgg_small()->set_width(width);
  return *BuildGraph(model, Image(8), 10);
}

int IndexOf(const Graph& graph, const std::string& name) {
  for (int i = 0; i < graph.nodes_size(); ++i) {
    if (graph.nodes(i).name() == name) return i;
  }
  ADD_FAILURE() << "no node " << name;
  return 0;
}

// A network and what it computes with, to plant redundancy in.
struct Network {
  Graph graph;
  Parameters parameters;

  Values& Weights(const std::string& node) {
    return parameters.tensors[Of(node).weights].values;
  }
  Values& Bias(const std::string& node) {
    return parameters.tensors[Of(node).bias].values;
  }
  Values& Scale(const std::string& node) {
    return parameters.tensors[Of(node).scale].values;
  }
  Values& Shift(const std::string& node) {
    return parameters.tensors[Of(node).shift].values;
  }
  Values& Mean(const std::string& node) {
    return parameters.tensors[Of(node).mean].values;
  }
  Values& Variance(const std::string& node) {
    return parameters.tensors[Of(node).variance].values;
  }
  const NodeParameters& Of(const std::string& node) {
    return parameters.nodes[IndexOf(graph, node)];
  }

  void ClearFilter(const std::string& node, int64_t output, int64_t outputs) {
    Values& weights = Weights(node);
    const int64_t length = static_cast<int64_t>(weights.size()) / outputs;
    std::fill_n(weights.begin() + output * length, length, 0.0f);
  }
  void ClearInput(const std::string& node, int64_t input, int64_t inputs) {
    Values& weights = Weights(node);
    for (size_t i = input; i < weights.size(); i += inputs) weights[i] = 0;
  }
  // Batch normalization then makes `value` of a channel that is 0.
  void SetConstant(const std::string& node, int64_t channel, float value) {
    Mean(node)[channel] = 0;
    Shift(node)[channel] = value;
  }
};

// Random ternary weights without any redundancy of note, random statistics.
Network Ternary(const Graph& graph, uint64_t seed) {
  Network network{graph, *InitialParameters(graph, seed)};
  for (size_t t = 0; t < network.parameters.tensors.size(); ++t) {
    ParameterTensor& tensor = network.parameters.tensors[t];
    const RandomStream random(seed, t);
    using Role = ParameterTensor::Role;
    for (size_t i = 0; i < tensor.values.size(); ++i) {
      float& value = tensor.values[i];
      if (tensor.role == Role::kWeights) {
        constexpr float kOf[] = {-0.9f, 0.0f, 1.1f};
        value = kOf[random.Below(i, 3)];
      } else if (tensor.role == Role::kVariance ||
                 tensor.role == Role::kScale) {
        value = random.Uniform(i, 0.5f, 2.0f);
      } else {
        value = random.Uniform(i, -0.5f, 0.5f);
      }
    }
  }
  return network;
}

// The logits of a few random images, by the operators' formulas.
Values Forward(const Graph& graph, const Parameters& parameters) {
  constexpr int64_t kBatch = 2;
  const ShapedGraph shaped = *InferShapes(graph, kBatch);
  std::vector<Values> outputs(graph.nodes_size());
  for (int i = 0; i < graph.nodes_size(); ++i) {
    const Node& node = graph.nodes(i);
    const NodeParameters& of = parameters.nodes[i];
    const auto tensor = [&](int index) {
      return index < 0
                 ? std::span<const float>()
                 : std::span<const float>(parameters.tensors[index].values);
    };
    Values& output = outputs[i];
    output.resize(shaped.shapes[i].size());
    if (node.has_input()) {
      RandomStream(77).FillNormal(0, 1, output);
      continue;
    }
    const Values& input = outputs[shaped.inputs[i][0]];
    const Shape& shape = shaped.shapes[shaped.inputs[i][0]];
    if (node.has_convolution()) {
      reference::ConvolutionForward<float>(ShapeOf(node.convolution(), shape),
                                           input, tensor(of.weights),
                                           tensor(of.bias), output);
    } else if (node.has_linear()) {
      reference::LinearForward<float>(ShapeOf(node.linear(), shape), input,
                                      tensor(of.weights), tensor(of.bias),
                                      output);
    } else if (node.has_batch_normalization()) {
      reference::BatchNormalizationInference<float>(
          ShapeOf(node.batch_normalization(), shape), input, tensor(of.scale),
          tensor(of.shift), tensor(of.mean), tensor(of.variance), output);
    } else if (node.has_pooling()) {
      reference::PoolingForward<float>(ShapeOf(node.pooling(), shape), input,
                                       output);
    } else if (node.has_dropout()) {
      output = input;
    } else if (node.has_relu()) {
      for (size_t k = 0; k < input.size(); ++k)
        output[k] = std::max(input[k], 0.0f);
    } else if (node.has_add()) {
      const Values& other = outputs[shaped.inputs[i][1]];
      for (size_t k = 0; k < input.size(); ++k) output[k] = input[k] + other[k];
    } else if (node.has_channel_pad()) {
      const int64_t channels = shaped.shapes[i].channels;
      for (size_t k = 0; k < input.size(); ++k) {
        output[k / shape.channels * channels + node.channel_pad().before() +
               k % shape.channels] = input[k];
      }
    }
  }
  return outputs.back();
}

Values Forward(const Network& network) {
  return Forward(network.graph, network.parameters);
}

void ExpectNear(const Values& actual, const Values& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  float largest = 0;
  for (const float value : expected)
    largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < actual.size(); ++i)
    EXPECT_NEAR(actual[i], expected[i], 1e-5 * largest) << i;
}

// "conv2:3 zero, ...", to compare with.
std::string Text(const std::vector<RemovedFilter>& removed) {
  std::string text;
  for (const RemovedFilter& filter : removed) {
    text += (text.empty() ? "" : ", ") + filter.layer + ":" +
            std::to_string(filter.channel) + " " + Name(filter.reason);
    if (filter.merged_into >= 0)
      text += " into " + std::to_string(filter.merged_into);
  }
  return text;
}

SmallerNetwork Remove(const Network& network,
                      const RemoveFiltersOptions& options = {}) {
  auto smaller = RemoveFilters(network.graph, network.parameters, options);
  EXPECT_TRUE(smaller.ok()) << smaller.status();
  return *std::move(smaller);
}

void ExpectUnchanged(const Network& network, const SmallerNetwork& smaller) {
  EXPECT_EQ(Text(smaller.removed), "");
  EXPECT_EQ(smaller.graph.SerializeAsString(),
            network.graph.SerializeAsString());
  ASSERT_EQ(smaller.parameters.tensors.size(),
            network.parameters.tensors.size());
  for (size_t t = 0; t < network.parameters.tensors.size(); ++t) {
    EXPECT_EQ(smaller.parameters.tensors[t].name,
              network.parameters.tensors[t].name);
    EXPECT_EQ(smaller.parameters.tensors[t].values,
              network.parameters.tensors[t].values);
  }
}

// Protects: a network without redundancy comes out as it went in.
TEST(RemoveFilters, NothingRedundantNothingRemoved) {
  for (const Graph& graph : {ResNet(false), ResNet(true), Vgg()}) {
    const Network network = Ternary(graph, 1);
    ExpectUnchanged(network, Remove(network));
    ExpectUnchanged(network, Remove(network, {.merge_duplicates = true}));
  }
}

// Protects: what is called exact is so to the last bit, on random networks with
// redundancy at random places; and channels that residual additions use stay.
TEST(RemoveFilters, ResNetsComputeTheSameBits) {
  for (const bool pre_activation : {false, true}) {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
      Network network = Ternary(ResNet(pre_activation), seed);
      const RandomStream random(seed, 1234);
      uint64_t draw = 0;
      for (int stage = 1; stage <= 3; ++stage) {
        const std::string block = "stage" + std::to_string(stage) + "/block1/";
        const int64_t channels = 6 << (stage - 1);
        for (int64_t c = 0; c < channels; ++c) {
          // The normalization's constant is positive for half of them: these
          // stay, for the next layer is padded.
          if (random.Below(draw++, 4) == 0)
            network.ClearFilter(block + "conv1", c, channels);
          if (random.Below(draw++, 6) == 0)
            network.ClearInput(block + "conv2", c, channels);
          // Redundant only outside the blocks: never removed.
          if (random.Below(draw++, 6) == 0)
            network.ClearFilter(block + "conv2", c, channels);
        }
      }
      const SmallerNetwork smaller = Remove(network);
      EXPECT_GT(smaller.removed.size(), 0u);
      std::map<std::string, int64_t> removed;
      for (const RemovedFilter& filter : smaller.removed) {
        EXPECT_TRUE(filter.layer.ends_with("/conv1")) << filter.layer;
        EXPECT_TRUE(filter.reason == Reason::kZero ||
                    filter.reason == Reason::kUnread);
        ++removed[filter.layer];
      }
      for (int i = 0; i < network.graph.nodes_size(); ++i) {
        const Node& node = network.graph.nodes(i);
        if (!node.has_convolution()) continue;
        EXPECT_EQ(smaller.graph.nodes(i).convolution().out_channels(),
                  node.convolution().out_channels() - removed[node.name()])
            << node.name();
      }
      EXPECT_EQ(Forward(smaller.graph, smaller.parameters), Forward(network));
      // It is done: a second pass finds nothing.
      EXPECT_TRUE(Remove({smaller.graph, smaller.parameters}).removed.empty());
    }
  }
}

// Protects: chains with max pooling, into a flattened image and between linear
// layers.
TEST(RemoveFilters, VggSmall) {
  Network network = Ternary(Vgg(), 3);
  network.ClearFilter("conv1", 1, 4);
  network.SetConstant("bn1", 1, -0.5f);
  network.ClearFilter("conv2", 2, 4);  // then pool1, then conv3
  network.SetConstant("bn2", 2, -0.25f);
  network.ClearInput("conv5", 3, 8);  // pool2, conv4
  network.ClearInput("fc1", 7, 16);   // pool3, conv6: one pixel is left
  network.ClearInput("fc2", 30, 32);  // fc1
  const SmallerNetwork smaller = Remove(network);
  EXPECT_EQ(Text(smaller.removed),
            "conv1:1 zero, conv2:2 zero, conv4:3 unread, conv6:7 unread, "
            "fc1:30 unread");
  EXPECT_EQ(smaller.graph.nodes(IndexOf(smaller.graph, "fc1"))
                .linear()
                .out_features(),
            31);
  EXPECT_NE(smaller.graph.description().find("; 5 redundant filters removed"),
            std::string::npos);
  EXPECT_EQ(Forward(smaller.graph, smaller.parameters), Forward(network));
}

// Protects: channels of a flattened image of several pixels: the features of a
// channel are apart.
TEST(RemoveFilters, AFlattenedImage) {
  GraphBuilder net("flat", Image(4));
  net.Linear("fc", net.Relu("relu", net.Convolution("conv", "image", 5, 3, 1)),
             3);
  Network network = Ternary(net.graph(), 4);
  network.ClearInput("fc", 2, 5);
  const SmallerNetwork smaller = Remove(network);
  EXPECT_EQ(Text(smaller.removed), "conv:2 unread");
  EXPECT_EQ(smaller.parameters.tensors[smaller.parameters.nodes.back().weights]
                .values.size(),
            3u * 4 * 4 * 4);
  EXPECT_EQ(Forward(smaller.graph, smaller.parameters), Forward(network));
}

// Protects: a constant that is not 0 goes into a linear layer's bias, and stays
// where the next convolution is padded: its border sees fewer pixels.
TEST(RemoveFilters, ConstantsAreFoldedOnlyWhereThereIsNoBorder) {
  Network network = Ternary(Vgg(), 5);
  network.ClearFilter("conv1", 0, 4);
  network.SetConstant("bn1", 0, 0.75f);
  network.ClearFilter("conv6", 4, 16);
  network.SetConstant("bn6", 4, 0.5f);
  const SmallerNetwork smaller = Remove(network);
  EXPECT_EQ(Text(smaller.removed), "conv6:4 constant");
  ExpectNear(Forward(smaller.graph, smaller.parameters), Forward(network));
  ExpectUnchanged(network, Remove(network, {.fold_constants = false}));
}

// A 1x1 convolution (no padding) reads the constant; behind it is a batch
// normalization, or something else.
Network OneByOne(bool normalized, bool pooled) {
  GraphBuilder net("one_by_one", Image(6));
  std::string x = net.Convolution("conv1", "image", 4, 3, 1);
  x = net.Relu("relu1", net.BatchNormalization("bn1", x));
  if (pooled) x = net.AveragePool("pool1", x, 2, 2);
  x = net.Convolution("conv2", x, 5, 1, 1);
  if (normalized) x = net.BatchNormalization("bn2", x);
  net.Linear("fc", net.Relu("relu2", x), 3);
  Network network = Ternary(net.graph(), 6);
  network.ClearFilter("conv1", 3, 4);
  network.SetConstant("bn1", 3, 0.5f);
  network.ClearFilter("conv1", 1, 4);
  network.SetConstant("bn1", 1, 1.5f);
  return network;
}

TEST(RemoveFilters, ConstantsGoIntoTheMeanOrANewBias) {
  for (const bool normalized : {false, true}) {
    for (const bool pooled : {false, true}) {
      const Network network = OneByOne(normalized, pooled);
      const SmallerNetwork smaller = Remove(network);
      EXPECT_EQ(Text(smaller.removed), "conv1:1 constant, conv1:3 constant");
      const int conv2 = IndexOf(smaller.graph, "conv2");
      EXPECT_EQ(smaller.graph.nodes(conv2).convolution().bias(), !normalized);
      EXPECT_EQ(smaller.parameters.nodes[conv2].bias >= 0, !normalized);
      ExpectNear(Forward(smaller.graph, smaller.parameters), Forward(network));
    }
  }
}

// Protects: what a channel without weights is, is its bias, also one that came
// from a constant before it.
TEST(RemoveFilters, BiasesArePartOfTheConstant) {
  Network vgg = Ternary(Vgg(), 16);
  for (const int64_t c : {3, 4}) {
    vgg.ClearFilter("fc1", c, 32);
    vgg.Bias("fc1")[c] = c == 3 ? 1.0f : -1.0f;
    vgg.SetConstant("bn7", c, c == 3 ? -0.5f : 0.5f);
    vgg.Scale("bn7")[c] = vgg.Variance("bn7")[c] = 1;
  }
  SmallerNetwork smaller = Remove(vgg);
  EXPECT_EQ(Text(smaller.removed), "fc1:3 constant, fc1:4 zero");
  ExpectNear(Forward(smaller.graph, smaller.parameters), Forward(vgg));

  Network one_by_one = OneByOne(/*normalized=*/false, /*pooled=*/false);
  one_by_one.ClearFilter("conv2", 2, 5);
  one_by_one.ClearFilter("conv2", 4, 5);
  one_by_one.Weights("conv2")[2 * 4 + 3] = 1.1f;
  one_by_one.Weights("conv2")[4 * 4 + 3] = -0.9f;
  smaller = Remove(one_by_one);
  EXPECT_EQ(Text(smaller.removed),
            "conv1:1 constant, conv1:3 constant, conv2:2 constant, "
            "conv2:4 zero");
  ExpectNear(Forward(smaller.graph, smaller.parameters), Forward(one_by_one));
}

// Protects: removal goes on in both directions: the only reader of a channel is
// gone, and so is all that a filter reads.
TEST(RemoveFilters, OneRemovalLeadsToTheNext) {
  Network network = Ternary(Vgg(), 7);
  // Backwards: conv2's channel 3 is read only by conv3's filters 1 and 2, and
  // these by nobody.
  network.ClearInput("conv3", 3, 4);
  Values& conv3 = network.Weights("conv3");
  const int64_t length = static_cast<int64_t>(conv3.size()) / 8;
  conv3[1 * length + 3] = 1.1f;
  conv3[2 * length + 7] = -0.9f;
  network.ClearInput("conv4", 1, 8);
  network.ClearInput("conv4", 2, 8);
  // Forwards: conv5's filter 6 reads only conv4's channel 5, which is 0.
  network.ClearFilter("conv4", 5, 8);
  network.SetConstant("bn4", 5, -1);
  network.ClearFilter("conv5", 6, 16);
  Values& conv5 = network.Weights("conv5");
  conv5[6 * static_cast<int64_t>(conv5.size()) / 16 + 5] = 1.1f;
  network.SetConstant("bn5", 6, -1);
  const SmallerNetwork smaller = Remove(network);
  EXPECT_EQ(Text(smaller.removed),
            "conv2:3 unread, conv3:1 unread, conv3:2 unread, conv4:5 zero, "
            "conv5:6 zero");
  EXPECT_EQ(Forward(smaller.graph, smaller.parameters), Forward(network));
}

// Protects: no layer is left without channels, which would be no network.
TEST(RemoveFilters, LeavesOneChannel) {
  Network network = Ternary(Vgg(), 8);
  for (int64_t c = 0; c < 4; ++c) {
    network.ClearFilter("conv1", c, 4);
    network.SetConstant("bn1", c, -1);
  }
  for (int64_t c = 0; c < 32; ++c) network.ClearInput("fc2", c, 32);
  const SmallerNetwork smaller = Remove(network);
  EXPECT_EQ(smaller.graph.nodes(IndexOf(smaller.graph, "conv1"))
                .convolution()
                .out_channels(),
            1);
  EXPECT_EQ(smaller.graph.nodes(IndexOf(smaller.graph, "fc1"))
                .linear()
                .out_features(),
            1);
  EXPECT_EQ(smaller.removed.front().channel, 1);
  EXPECT_EQ(Forward(smaller.graph, smaller.parameters), Forward(network));
}

// Protects: equal filters are merged only when asked for, and only when they
// are normalized alike.
TEST(RemoveFilters, DuplicatesAreMergedOnRequest) {
  Network network = Ternary(Vgg(), 9);
  const auto copy = [&](const std::string& layer, int64_t outputs, int64_t from,
                        int64_t to) {
    Values& weights = network.Weights(layer);
    const int64_t length = static_cast<int64_t>(weights.size()) / outputs;
    std::copy_n(weights.begin() + from * length, length,
                weights.begin() + to * length);
  };
  const auto normalize_alike = [&](const std::string& node, int64_t from,
                                   int64_t to) {
    for (Values* values : {&network.Scale(node), &network.Shift(node),
                           &network.Mean(node), &network.Variance(node)})
      (*values)[to] = (*values)[from];
  };
  copy("conv1", 4, 0, 3);
  normalize_alike("bn1", 0, 3);
  copy("conv4", 8, 2, 5);
  copy("conv4", 8, 2, 6);
  normalize_alike("bn4", 2, 6);
  copy("conv4", 8, 1, 7);  // normalized differently: stays
  copy("fc1", 32, 8, 9);
  normalize_alike("bn7", 8, 9);
  network.Bias("fc1")[9] = network.Bias("fc1")[8];
  ExpectUnchanged(network, Remove(network));
  const SmallerNetwork smaller = Remove(network, {.merge_duplicates = true});
  EXPECT_EQ(Text(smaller.removed),
            "conv1:3 duplicate into 0, conv4:6 duplicate into 2, "
            "fc1:9 duplicate into 8");
  ExpectNear(Forward(smaller.graph, smaller.parameters), Forward(network));
}

// Protects: where rounding decides whether the ReLU's input is positive,
// nothing is called zero; a sum of which all terms are 0 is.
TEST(RemoveFilters, ConstantsNearZeroAreNotZero) {
  Network network = Ternary(ResNet(false), 10);
  const std::string block = "stage1/block1/";
  for (const int64_t c : {1, 2, 4}) {
    network.ClearFilter(block + "conv1", c, 6);
    network.SetConstant(block + "bn1", c, 0);
  }
  // shift - scale * mean / deviation is 0 or a rounding error away.
  network.Scale(block + "bn1")[2] = 0.7f;
  network.Variance(block + "bn1")[2] = 1;
  network.Mean(block + "bn1")[2] = 0.3f;
  network.Shift(block + "bn1")[2] = 0.7f * 0.3f / std::sqrt(1.00001f);
  network.SetConstant(block + "bn1", 4, -0.01f);
  EXPECT_EQ(Text(Remove(network).removed),
            "stage1/block1/conv1:1 zero, stage1/block1/conv1:4 zero");
}

// Protects: dropout, which is there in training only.
TEST(RemoveFilters, GoesThroughDropout) {
  GraphBuilder net("dropout", Image(6));
  std::string x = net.Relu("relu1", net.Convolution("conv1", "image", 4, 3, 1));
  x = net.Linear("fc1", net.Dropout("drop1", x, 0.5f), 5);
  x = net.Dropout("drop2", net.Relu("relu2", x), 0.5f);
  net.Linear("fc2", x, 3);
  Network network = Ternary(net.graph(), 16);
  network.ClearFilter("conv1", 2, 4);
  network.ClearInput("fc2", 1, 5);
  const SmallerNetwork smaller = Remove(network);
  EXPECT_EQ(Text(smaller.removed), "conv1:2 zero, fc1:1 unread");
  EXPECT_EQ(Forward(smaller.graph, smaller.parameters), Forward(network));
}

// Protects: what this pass cannot follow stays: channels with two readers,
// those of grouped convolutions, the logits.
TEST(RemoveFilters, ChannelsThatCannotBeFollowedStay) {
  GraphBuilder net("forks", Image(6, 4));
  std::string a = net.Relu("relu1", net.Convolution("conv1", "image", 4, 3, 1));
  net.Convolution("conv2", a, 4, 3, 1);
  net.Convolution("conv3", a, 4, 3, 1);
  std::string x = net.Relu("relu2", net.Add("add", "conv2", "conv3"));
  x = net.Convolution("conv4", x, 4, 3, 1);
  x = net.Convolution("grouped", x, 4, 3, 1);
  net.graph()
      .mutable_nodes(net.graph().nodes_size() - 1)
      ->mutable_convolution()
      ->set_groups(2);
  net.Linear("fc", x, 3);
  Network network = Ternary(net.graph(), 11);
  for (const char* layer : {"conv1", "conv2", "conv3", "conv4", "grouped"})
    network.ClearFilter(layer, 1, 4);
  for (const char* layer : {"conv2", "conv3", "conv4"})
    network.ClearInput(layer, 2, 4);
  network.ClearInput("fc", 2, 4);
  network.ClearFilter("fc", 0, 3);
  ExpectUnchanged(network, Remove(network, {.merge_duplicates = true}));
}

// Protects: latent weights lose the same filters, and only these.
TEST(DeleteFilters, CarriesOtherParametersOver) {
  Network network = Ternary(Vgg(), 12);
  network.ClearInput("conv2", 1, 4);
  const SmallerNetwork smaller = Remove(network);
  ASSERT_EQ(Text(smaller.removed), "conv1:1 unread");
  const Parameters latent = *InitialParameters(network.graph, 13);
  const auto deleted = DeleteFilters(network.graph, latent, smaller.removed);
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(deleted->graph.SerializeAsString(),
            smaller.graph.SerializeAsString());
  const int conv1 = IndexOf(network.graph, "conv1");
  Values expected = latent.tensors[latent.nodes[conv1].weights].values;
  expected.erase(expected.begin() + 27, expected.begin() + 2 * 27);
  const ParameterTensor& weights =
      deleted->parameters.tensors[deleted->parameters.nodes[conv1].weights];
  EXPECT_EQ(weights.values, expected);
  const int conv2 = IndexOf(network.graph, "conv2");
  EXPECT_EQ(
      deleted->parameters.tensors[deleted->parameters.nodes[conv2].weights]
          .fan_in,
      3 * 9);
}

// Protects: a list that is another network's is refused, with the filter.
TEST(DeleteFilters, RefusesWhatTheGraphDoesNotHave) {
  const Network network = Ternary(Vgg(), 14);
  const auto error = [&](const std::vector<RemovedFilter>& removed) {
    return std::string(DeleteFilters(network.graph, network.parameters, removed)
                           .status()
                           .message());
  };
  EXPECT_NE(error({{.layer = "conv9", .channel = 0}}).find("no such layer"),
            std::string::npos);
  EXPECT_NE(error({{.layer = "fc2", .channel = 0}}).find("no such layer"),
            std::string::npos);
  EXPECT_NE(error({{.layer = "conv1", .channel = 4}}).find("the layer has 4"),
            std::string::npos);
  EXPECT_NE(error({{.layer = "conv1", .channel = -1}}).find("filter -1"),
            std::string::npos);
  EXPECT_NE(error({{.layer = "conv1", .channel = 2},
                   {.layer = "conv1", .channel = 2}})
                .find("named twice"),
            std::string::npos);
  EXPECT_NE(error({{.layer = "conv1", .channel = 0},
                   {.layer = "conv1", .channel = 1},
                   {.layer = "conv1", .channel = 2},
                   {.layer = "conv1", .channel = 3}})
                .find("the last one"),
            std::string::npos);
}

// A head may read what is removed, and is needed no longer.
TEST(RemoveFilters, TrainingHeadsAreLeftOut) {
  Network network = Ternary(Vgg(), 17);
  network.ClearInput("conv2", 1, 4);
  const SmallerNetwork without =
      *RemoveFilters(network.graph, network.parameters);
  ASSERT_EQ(without.removed.size(), 1u);
  GraphBuilder net(network.graph);
  net.BeginTrainingHead(0.3f);
  net.Linear("aux/fc", "conv1", 10);
  const auto with = RemoveFilters(net.graph(), network.parameters);
  ASSERT_TRUE(with.ok()) << with.status();
  EXPECT_EQ(with->graph.SerializeAsString(), without.graph.SerializeAsString());
}

TEST(RemoveFilters, RefusesParametersOfAnotherNetwork) {
  const Network network = Ternary(Vgg(), 15);
  EXPECT_EQ(RemoveFilters(network.graph, *InitialParameters(ResNet(false), 1))
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_NE(
      std::string(RemoveFilters(network.graph, *InitialParameters(Vgg(5), 1))
                      .status()
                      .message())
          .find("node \"conv1\""),
      std::string::npos);
  EXPECT_FALSE(RemoveFilters(Graph(), Parameters()).ok());
}

}  // namespace
}  // namespace tritlab
