#include "training/activation_counter.h"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "datasets/open_dataset.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "kernels/reference/convolution.h"
#include "models/graph_builder.h"
#include "models/shape_inference.h"
#include "training/evaluation.h"

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
      counter->Forward(*program, images.data(), counted);
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
TEST(ActivationCounter, CountsTheFirstImagesOfAnEvaluation) {
  GraphBuilder net("small", Image(32));
  net.Linear("fc", net.Convolution("conv", "image", 4, 3, 4), 10);
  const Graph graph = net.graph();
  const auto network = Train(graph, "");
  for (const auto& [test_images, counted] :
       {std::pair<int, uint32_t>{10, 10}, {1003, 1000}}) {
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

}  // namespace
}  // namespace tritlab
