#include "models/parameters.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "models/build.h"
#include "models/graph_builder.h"

namespace tritlab {
namespace {

Graph ResNet8(int width = 16) {
  ModelSpec model;
  model.mutable_cifar_resnet()->set_depth(8);
  model.mutable_cifar_resnet()->set_width(width);
  InputOperator image;
  image.set_height(32);
  image.set_width(32);
  image.set_channels(3);
  return *BuildGraph(model, image, 10);
}

// A file may state any network: nothing is drawn that there is no memory for.
TEST(ParametersTest, MoreThanTheMachinesMemoryIsRefused) {
  InputOperator image;
  image.set_height(1024);
  image.set_width(1024);
  image.set_channels(1);
  GraphBuilder net("huge", image);
  std::string x = "image";
  for (int i = 0; i < 100; ++i)
    x = net.Linear(absl::StrCat("fc", i), x, 1 << 18);
  const absl::Status status = InitialParameters(net.graph(), 1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
}

// Training starts where He et al. say it should: a wrong variance is hard to
// see later.
TEST(ParametersTest, ConvolutionsHaveTheVarianceOfTheirFanIn) {
  const Parameters parameters = *InitialParameters(ResNet8(), 1);
  for (const ParameterTensor& tensor : parameters.tensors) {
    if (tensor.role != ParameterTensor::Role::kWeights ||
        tensor.values.size() < 5000)
      continue;
    double squares = 0, sum = 0;
    for (const float w : tensor.values) {
      sum += w;
      squares += static_cast<double>(w) * w;
    }
    const double count = static_cast<double>(tensor.values.size());
    EXPECT_NEAR(squares / count * tensor.fan_in / 2, 1, 0.1) << tensor.name;
    EXPECT_NEAR(sum / count, 0, 4 * std::sqrt(2.0 / tensor.fan_in / count))
        << tensor.name;
  }
}

TEST(ParametersTest, TheSameSeedGivesTheSameValuesAndAnotherOthers) {
  const Parameters one = *InitialParameters(ResNet8(), 1),
                   again = *InitialParameters(ResNet8(), 1),
                   other = *InitialParameters(ResNet8(), 2);
  ASSERT_EQ(one.tensors.size(), again.tensors.size());
  for (size_t i = 0; i < one.tensors.size(); ++i)
    EXPECT_EQ(one.tensors[i].values, again.tensors[i].values);
  EXPECT_NE(one.tensors[0].values, other.tensors[0].values);
}

TEST(ParametersTest, EveryNodeFindsItsOwn) {
  const Graph graph = ResNet8();
  const Parameters parameters = *InitialParameters(graph, 1);
  ASSERT_EQ(parameters.nodes.size(), static_cast<size_t>(graph.nodes_size()));
  for (int i = 0; i < graph.nodes_size(); ++i) {
    const NodeParameters& of = parameters.nodes[i];
    const Node& node = graph.nodes(i);
    EXPECT_EQ(of.weights >= 0, node.has_convolution() || node.has_linear())
        << node.name();
    EXPECT_EQ(of.variance >= 0, node.has_batch_normalization()) << node.name();
    if (of.weights >= 0) {
      EXPECT_EQ(parameters.tensors[of.weights].name, node.name() + "/weights");
    }
    if (of.variance >= 0) {
      EXPECT_EQ(parameters.tensors[of.variance].values[0], 1);
      EXPECT_FALSE(parameters.tensors[of.variance].trained());
    }
  }
}

}  // namespace
}  // namespace tritlab
