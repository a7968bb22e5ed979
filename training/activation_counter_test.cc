#include "training/activation_counter.h"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "datasets/dataset.h"
#include "datasets/loader.h"
#include "datasets/open_dataset.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "kernels/reference/convolution.h"
#include "models/graph_builder.h"
#include "models/shape_inference.h"
#include "training/communicator.h"
#include "training/evaluation.h"
#include "training/thread_communicator_for_tests.h"

namespace tritlab {
namespace {

constexpr int64_t kBatch = 4;

InputOperator Image(int64_t size) {
  InputOperator image;
  image.set_height(size);
  image.set_width(size);
  image.set_channels(3);
  return image;
}

Batch BatchOf(std::span<const float> images, int64_t count, int view = 0) {
  Batch batch;
  batch.images = images;
  batch.count = count;
  batch.view = view;
  return batch;
}

// Strides, padding, groups, a fused ReLU, one alone, one tensor read twice.
Graph Network() {
  GraphBuilder net("layers", Image(10));
  const std::string a = net.Relu(
      "relu_a", net.BatchNormalization(
                    "bn_a", net.Convolution("conv_a", "image", 8, 3, 1)));
  const std::string b =
      net.Relu("relu_b", net.Convolution("conv_b", a, 8, 5, 2, 2, false, 4));
  const std::string c = net.Convolution("conv_c", a, 8, 1, 2, 0);
  net.Linear("fc", net.MaxPool("pool", net.Add("add", b, c), 2, 2), 10);
  return net.graph();
}

std::unique_ptr<TrainedNetwork> Train(const Graph& graph,
                                      const std::string& rule) {
  Policy policy;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(rule, &policy));
  auto network = *TrainedNetwork::Create(graph, policy, OptimizerSpec(), 1);
  EXPECT_TRUE(network->Initialize(nullptr).ok());
  network->Quantize();
  return network;
}

ConvolutionShape ShapeOfLayer(const Node& node, Shape input) {
  if (!node.has_linear()) return ShapeOf(node.convolution(), input);
  return {.input = {input.batch, 1, 1, input.image_size()},
          .out_channels = node.linear().out_features()};
}

// Protects: what is counted is what each layer reads, in every type, with
// activations quantized or not; every multiply-add is looked at here.
TEST(ActivationCounter, EqualsCountingEveryProduct) {
  const Graph graph = Network();
  for (const DataType type : {DataType::kF32, DataType::kBF16}) {
    for (const bool quantized : {false, true}) {
      const auto network = Train(
          graph, quantized ? "rules { layers: '*' quantizer { ttq { } } "
                             "activations { dorefa { bits: 2 } } }"
                           : "rules { layers: '*' quantizer { ttq { } } }");
      const std::vector<NodeValues> values = network->Values(false);
      const auto program =
          *Program::Compile(graph, values, {.batch = kBatch, .type = type});
      program->LoadWeights();
      std::vector<float> images(kBatch * 10 * 10 * 3);
      RandomStream(3).FillNormal(0, 1, images);
      std::map<int, std::vector<float>> outputs;
      program->Observe([&](int node, std::span<const float> of_node) {
        outputs[node] = {of_node.begin(), of_node.end()};
      });
      const auto counter = *ActivationCounter::Create(graph);
      const int64_t counted = kBatch - 1;
      counter->Forward(*program, BatchOf(images, counted), counted);
      const ActivationStatistics statistics = counter->Statistics(*network);

      EXPECT_EQ(statistics.images(), counted);
      const ShapedGraph shaped = *InferShapes(graph, counted);
      ASSERT_EQ(statistics.layers_size(), 4);
      for (int l = 0; l < 4; ++l) {
        const TrainedNetwork::Layer& layer = network->layers()[l];
        const LayerActivations& result = statistics.layers(l);
        EXPECT_EQ(result.layer(), layer.node->name());
        int node = 0;
        while (&network->graph().nodes(node) != layer.node) ++node;
        const int read = shaped.inputs[node][0];
        std::vector<float> input = read == 0 ? images : outputs.at(read);
        input.resize(shaped.shapes[read].size());
        const auto zeros = [&] {
          double count = 0;
          for (const float value : input) count += value == 0;
          return count / input.size();
        };
        ASSERT_EQ(result.has_zeros_before_quantization(),
                  layer.activations != nullptr);
        if (layer.activations != nullptr) {
          EXPECT_NEAR(result.zeros_before_quantization(), zeros(), 1e-12);
          layer.activations->Quantize(input, input);
          EXPECT_GT(result.zeros(), result.zeros_before_quantization());
        }
        EXPECT_NEAR(result.zeros(), zeros(), 1e-12) << result.layer();
        const ConvolutionShape shape =
            ShapeOfLayer(*layer.node, shaped.shapes[read]);
        const std::span<const float> weights = network->computed(layer);
        double both = 0;
        reference::ForEachProduct(
            shape, [&](int64_t in, int64_t weight, int64_t) {
              both += input[in] != 0 && weights[weight] != 0;
            });
        const Shape output = shape.output();
        EXPECT_NEAR(result.both_nonzero(),
                    both / (static_cast<double>(output.batch) * output.height *
                            output.width * shape.weight_count()),
                    1e-12)
            << result.layer();
      }
      EXPECT_EQ(statistics.layers(0).zeros(), 0) << "an image of noise";
      EXPECT_GT(statistics.layers(1).zeros(), 0.3) << "behind a ReLU";
    }
  }
}

// Protects: the rest of a batch that is not full is no image, an evaluation
// counts no more than it should, and finds the same accuracy.
TEST(ActivationCounter, CountsAPartOfAnEvaluation) {
  GraphBuilder net("small", Image(32));
  net.Linear("fc", net.Convolution("conv", "image", 4, 3, 4), 10);
  const Graph graph = net.graph();
  const auto network = Train(graph, "");
  for (const auto& [test_images, counted] :
       {std::pair<int, uint32_t>{10, 10}, {1003, 250}, {5000, 1000}}) {
    DatasetSpec spec;
    spec.set_name("synthetic");
    spec.mutable_synthetic()->set_train_images(10);
    spec.mutable_synthetic()->set_test_images(test_images);
    const auto dataset = *OpenDataset(spec, "", Split::kTest);
    const auto loader = *Loader::Create(*dataset, {.batch_size = 100});
    const auto program =
        *Program::Compile(graph, network->Values(false), {.batch = 100});
    const auto counter = *ActivationCounter::Create(graph);
    EXPECT_EQ(counter->Statistics(*network).images(), 0u);
    const auto with = Evaluate(*program, *loader, counter.get());
    const auto without = Evaluate(*program, *loader);
    ASSERT_TRUE(with.ok() && without.ok());
    EXPECT_EQ(with->top1, without->top1);
    EXPECT_EQ(with->loss, without->loss);
    const ActivationStatistics statistics = counter->Statistics(*network);
    EXPECT_EQ(statistics.images(), counted);
    EXPECT_LT(statistics.layers(0).zeros(), 0.1)
        << "pixels are hardly ever 0, all of a padded image is";
  }
}

// `each` images of each of 12 classes, one class after the other, as image
// folders have them. One of class k has k + 1 values of 12 that are not 0.
std::unique_ptr<MemoryDataset> OrderedByClass(int each) {
  DatasetInfo info;
  info.name = "ordered";
  info.source = "made up";
  info.shape = {.height = 2, .width = 2, .channels = 3};
  info.normalization = {.mean = {0, 0, 0}, .std = {1, 1, 1}};
  std::vector<uint8_t> pixels;
  std::vector<int32_t> labels;
  for (int k = 0; k < 12; ++k) {
    info.class_names.push_back(std::string(1, static_cast<char>('a' + k)));
    for (int i = 0; i < each; ++i) {
      labels.push_back(k);
      pixels.insert(pixels.end(), k + 1, 255);
      pixels.insert(pixels.end(), 11 - k, 0);
    }
  }
  return *MemoryDataset::Create(info, pixels, labels);
}

Graph LinearOnly() {
  GraphBuilder net("linear", Image(2));
  const std::string a = net.Relu("relu1", net.Linear("fc1", "image", 5));
  const std::string b = net.Relu("relu2", net.Linear("fc2", a, 6));
  net.Linear("fc3", b, 12);
  return net.graph();
}

ActivationStatistics StatisticsOf(const Dataset& dataset, int batch_size,
                                  Communicator& ranks) {
  const auto network = Train(LinearOnly(),
                             "rules { layers: '*' "
                             "activations { dorefa { bits: 2 } } }");
  const auto loader = *Loader::Create(
      dataset,
      {.batch_size = batch_size, .rank = ranks.rank(), .ranks = ranks.size()});
  const auto program =
      *Program::Compile(network->graph(), network->Values(false),
                        {.batch = batch_size / ranks.size()});
  const auto counter = *ActivationCounter::Create(network->graph());
  EXPECT_TRUE(Evaluate(*program, *loader, counter.get(), {}, ranks).ok());
  return counter->Statistics(*network);
}

// Protects: all classes of a test set in their order are counted, each as
// often as the others; the first 900 images would show the first ones alone.
TEST(ActivationCounter, CountsAllClassesOfAnOrderedTestSet) {
  const auto dataset = OrderedByClass(300);
  const ActivationStatistics statistics =
      StatisticsOf(*dataset, 100, SingleRank());
  EXPECT_EQ(statistics.images(), 900u);
  EXPECT_TRUE(statistics.layers(1).has_zeros_before_quantization());
  // 900 / 12 images of a class, up to one; on average 6.5 of 12 not 0.
  const double of_one_image = 1.0 / 900;
  EXPECT_NEAR(statistics.layers(0).zeros(), 1 - 6.5 / 12, 6 * of_one_image);
}

// Protects: what is counted does not depend on how an evaluation is divided
// into batches and among ranks; a rank may have no image at all.
TEST(ActivationCounter, IsTheSameForAnyBatchSizeAndNumberOfRanks) {
  for (const int each : {1, 150}) {
    const auto dataset = OrderedByClass(each);
    const std::string expected =
        StatisticsOf(*dataset, 100, SingleRank()).SerializeAsString();
    EXPECT_EQ(StatisticsOf(*dataset, 17, SingleRank()).SerializeAsString(),
              expected);
    for (const int ranks : {2, 3}) {
      RunRanks(ranks, [&](Communicator& communicator) {
        EXPECT_EQ(StatisticsOf(*dataset, 48, communicator).SerializeAsString(),
                  expected)
            << ranks << " ranks, " << each << " images of each class";
      });
    }
  }
}

// Protects: ten crops of an image are one image, whose views count alike.
TEST(ActivationCounter, ViewsAreOfOneImage) {
  const Graph graph = LinearOnly();
  const auto network = Train(graph, "");
  const auto program =
      *Program::Compile(graph, network->Values(false), {.batch = 2});
  program->LoadWeights();
  const auto counter = *ActivationCounter::Create(graph);
  std::vector<float> images(2 * 12, 1.0f);
  counter->Forward(*program, BatchOf(images, 2, /*view=*/0), 2);
  images.assign(2 * 12, 0.0f);
  counter->Forward(*program, BatchOf(images, 2, /*view=*/1), 2);
  const ActivationStatistics statistics = counter->Statistics(*network);
  EXPECT_EQ(statistics.images(), 2u);
  EXPECT_DOUBLE_EQ(statistics.layers(0).zeros(), 0.5);
}

}  // namespace
}  // namespace tritlab
