#include "models/network_file.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/build.h"
#include "models/graph_builder.h"
#include "models/parameters.h"

namespace tritlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

InputOperator Image(int64_t size, int64_t channels = 1) {
  InputOperator image;
  image.set_height(size);
  image.set_width(size);
  image.set_channels(channels);
  return image;
}

// A network with two classes; `pooled`, for images of any size.
ModelSpec Stored(bool pooled) {
  GraphBuilder net("stored", Image(2));
  std::string x = net.Convolution("conv", "image", 1, 1, 1);
  if (pooled) x = net.GlobalAveragePool("pool", x);
  net.Linear("fc", x, 2);
  const int64_t inputs = pooled ? 1 : 4;
  Checkpoint checkpoint;
  checkpoint.graph = net.graph();
  checkpoint.tensors = {{"conv/weights", {7}},
                        {"fc/weights", std::vector<float>(2 * inputs, 3)},
                        {"fc/bias", {5, 6}}};
  ModelSpec spec;
  spec.mutable_network_file()->set_path(testing::TempDir() +
                                        (pooled ? "/pooled" : "/flat"));
  EXPECT_TRUE(WriteCheckpoint(checkpoint, spec.network_file().path()).ok());
  return spec;
}

// The same classes: all values are the file's.
TEST(NetworkFile, SameClasses) {
  const ModelSpec spec = Stored(/*pooled=*/true);
  const auto graph = BuildGraph(spec, Image(5), 2);
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->nodes(0).input().height(), 5);
  const auto start = WeightsFromFile(spec.network_file(), *graph, 1);
  ASSERT_TRUE(start.ok()) << start.status();
  EXPECT_THAT(start->tensors.at("conv/weights"), ElementsAre(7));
  EXPECT_THAT(start->tensors.at("fc/bias"), ElementsAre(5, 6));
}

// Other classes: the classifier alone is drawn anew.
TEST(NetworkFile, OtherClasses) {
  const ModelSpec spec = Stored(/*pooled=*/true);
  const auto graph = BuildGraph(spec, Image(2), 3);
  ASSERT_TRUE(graph.ok()) << graph.status();
  const auto start = WeightsFromFile(spec.network_file(), *graph, 1);
  ASSERT_TRUE(start.ok()) << start.status();
  const auto drawn = InitialParameters(*graph, 1);
  ASSERT_TRUE(drawn.ok());
  EXPECT_THAT(start->tensors.at("conv/weights"), ElementsAre(7));
  EXPECT_EQ(start->tensors.at("fc/bias").size(), 3);
  EXPECT_EQ(start->tensors.at("fc/bias"), drawn->tensors.back().values);
}

// Heads of the training that wrote the file need not fit, nor be there.
TEST(NetworkFile, TrainingHeadsAreLeftOut) {
  GraphBuilder net("stored", Image(2));
  net.Linear("fc", net.GlobalAveragePool("pool", "image"), 2);
  net.BeginTrainingHead(0.3f);
  net.Linear("aux/fc", "image", 2);
  Checkpoint checkpoint;
  checkpoint.graph = net.graph();
  checkpoint.tensors = {{"fc/weights", {3, 4}}, {"fc/bias", {5, 6}}};
  ModelSpec spec;
  spec.mutable_network_file()->set_path(testing::TempDir() + "/heads");
  ASSERT_TRUE(WriteCheckpoint(checkpoint, spec.network_file().path()).ok());
  const auto graph = BuildGraph(spec, Image(5), 2);
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->training_heads_size(), 0);
  const auto start = WeightsFromFile(spec.network_file(), *graph, 1);
  ASSERT_TRUE(start.ok()) << start.status();
  EXPECT_THAT(start->tensors.at("fc/weights"), ElementsAre(3, 4));
}

// What cannot fit is named.
TEST(NetworkFile, Misfits) {
  const ModelSpec spec = Stored(/*pooled=*/false);
  EXPECT_THAT(BuildGraph(spec, Image(2, 3), 2).status().ToString(),
              HasSubstr("channels"));
  const auto graph = BuildGraph(spec, Image(3), 2);
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_THAT(
      WeightsFromFile(spec.network_file(), *graph, 1).status().ToString(),
      HasSubstr("fc/weights"));
  EXPECT_THAT(BuildGraph(ModelSpec(), Image(2), 2).status().ToString(),
              HasSubstr("network_file"));
}

}  // namespace
}  // namespace tritlab
