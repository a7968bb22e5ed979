#include "onnx/import_network.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/shape_inference.h"
#include "onnx/model_for_tests.h"

namespace tritlab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Not;
using testing::Pointwise;

// Plain loops over ONNX's own order.
struct Plane {
  int64_t batch, channels, height, width;

  int64_t size() const { return batch * channels * height * width; }
  int64_t At(int64_t n, int64_t c, int64_t y, int64_t x) const {
    return ((n * channels + c) * height + y) * width + x;
  }
};

// OIHW weights; `from` is padded with `padding` pixels at each side.
std::vector<float> Convolve(const Plane& from, const std::vector<float>& image,
                            const std::vector<float>& weights, int64_t outputs,
                            int64_t kernel, int64_t stride, int64_t padding,
                            int64_t groups) {
  const Plane to = {from.batch, outputs,
                    (from.height + 2 * padding - kernel) / stride + 1,
                    (from.width + 2 * padding - kernel) / stride + 1};
  const int64_t channels = from.channels / groups;
  std::vector<float> result(to.size());
  for (int64_t n = 0; n < to.batch; ++n) {
    for (int64_t o = 0; o < outputs; ++o) {
      for (int64_t y = 0; y < to.height; ++y) {
        for (int64_t x = 0; x < to.width; ++x) {
          double sum = 0;
          for (int64_t c = 0; c < channels; ++c) {
            for (int64_t ky = 0; ky < kernel; ++ky) {
              for (int64_t kx = 0; kx < kernel; ++kx) {
                const int64_t iy = y * stride + ky - padding;
                const int64_t ix = x * stride + kx - padding;
                if (iy < 0 || iy >= from.height || ix < 0 || ix >= from.width)
                  continue;
                const int64_t in = o / (outputs / groups) * channels + c;
                sum +=
                    image[from.At(n, in, iy, ix)] *
                    weights[((o * channels + c) * kernel + ky) * kernel + kx];
              }
            }
          }
          result[to.At(n, o, y, x)] = static_cast<float>(sum);
        }
      }
    }
  }
  return result;
}

std::vector<float> ValuesOf(const onnx::ModelProto& model,
                            const std::string& tensor) {
  for (const onnx::TensorProto& found : model.graph().initializer()) {
    if (found.name() != tensor) continue;
    const auto* values =
        reinterpret_cast<const float*>(found.raw_data().data());
    return {values, values + found.raw_data().size() / sizeof(float)};
  }
  return {};
}

// What the last node of the model gives, in ONNX's order: the model is
// flattened and multiplied with the identity, so that every test sees that a
// flattened image keeps its meaning.
std::vector<float> Evaluate(ModelForTests model, int64_t values_an_image,
                            const std::vector<float>& images) {
  const std::string last =
      model.model().graph().node(model.model().graph().node_size() - 1).name();
  std::vector<float> identity(values_an_image * values_an_image);
  for (int64_t i = 0; i < values_an_image; ++i)
    identity[i * values_an_image + i] = 1;
  model.Tensor("identity", {values_an_image, values_an_image}, identity);
  model.Node("Flatten", "flat", {last});
  model.Node("MatMul", "values", {"flat", "identity"});
  const auto network = ImportNetwork(model.Model(), {});
  EXPECT_TRUE(network.ok()) << network.status();
  if (!network.ok()) return {};
  const auto values = RunNetwork(*network, images);
  EXPECT_TRUE(values.ok()) << values.status();
  return values.ok() ? *values : std::vector<float>();
}

std::string MessageOf(const onnx::ModelProto& model,
                      const ImportOptions& options = {}) {
  const auto network = ImportNetwork(model, options);
  EXPECT_FALSE(network.ok());
  return std::string(network.status().message());
}

std::vector<const char*> OperatorsOf(const Graph& graph) {
  std::vector<const char*> names;
  for (const Node& node : graph.nodes()) {
    names.push_back(Node::descriptor()
                        ->FindFieldByNumber(node.operator_case())
                        ->name()
                        .c_str());
  }
  return names;
}

// A convolution, and a linear layer behind its flattened output, mean the same
// here as there: every index of both layouts matters.
TEST(ImportNetwork, ConvolutionAndLinearLayer) {
  for (const int64_t groups : {1, 2}) {
    const Plane image = {2, 4, 7, 6};
    ModelForTests model({2, 4, 7, 6});
    model.RandomTensor("conv.weight", {6, 4 / groups, 3, 3});
    model.RandomTensor("conv.bias", {6});
    model.Node("Conv", "c", {"image", "conv.weight", "conv.bias"});
    model.SetAll("kernel_shape", {3, 3}).SetAll("strides", {2, 2});
    model.SetAll("pads", {1, 1, 1, 1}).Set("group", groups);
    model.Node("Flatten", "f", {"c"});
    model.RandomTensor("fc.weight", {5, 6 * 4 * 3});
    model.RandomTensor("fc.bias", {5});
    model.Node("Gemm", "g", {"f", "fc.weight", "fc.bias"});
    model.Set("transB", int64_t{1}).Set("alpha", 0.5f).Set("beta", 2.0f);
    const onnx::ModelProto proto = model.Model();

    const std::vector<float> images = RandomImages(image.size());
    std::vector<float> hidden = Convolve(
        image, images, ValuesOf(proto, "conv.weight"), 6, 3, 2, 1, groups);
    const std::vector<float> bias = ValuesOf(proto, "conv.bias");
    for (size_t i = 0; i < hidden.size(); ++i) hidden[i] += bias[i / 12 % 6];
    const std::vector<float> weights = ValuesOf(proto, "fc.weight");
    const std::vector<float> shifts = ValuesOf(proto, "fc.bias");
    std::vector<float> wanted;
    for (int64_t n = 0; n < 2; ++n) {
      for (int64_t o = 0; o < 5; ++o) {
        double sum = 0;
        for (int64_t i = 0; i < 72; ++i)
          sum += weights[o * 72 + i] * hidden[n * 72 + i];
        wanted.push_back(static_cast<float>(0.5 * sum + 2 * shifts[o]));
      }
    }
    const auto network = ImportNetwork(proto, {});
    ASSERT_TRUE(network.ok()) << network.status();
    EXPECT_EQ(network->graph.nodes(1).name(), "conv");
    EXPECT_EQ(network->graph.nodes(2).name(), "fc");
    const auto logits = RunNetwork(*network, images);
    ASSERT_TRUE(logits.ok()) << logits.status();
    EXPECT_THAT(*logits, Pointwise(FloatNear(1e-4f), wanted));
  }
}

// Before opset 14, a normalization that gives statistics as well computes with
// the batch's, not with its own.
TEST(ImportNetwork, BatchNormalizationInTrainingModeIsRefused) {
  for (const int64_t opset : {9, 13, 14}) {
    ModelForTests model({1, 1, 2, 2}, opset);
    model.Tensor("one", {1}, {1});
    model.Node("BatchNormalization", "bn",
               {"image", "one", "one", "one", "one"});
    onnx::NodeProto& node = *model.model().mutable_graph()->mutable_node(0);
    if (opset < 14) node.add_output("");  // left out
    EXPECT_THAT(Evaluate(model, 4, {1, 1, 1, 1}),
                Pointwise(FloatNear(1e-5f), {1, 1, 1, 1}));
    if (opset < 14) {
      node.add_output("variance");
    } else {
      model.Set("training_mode", int64_t{1});
    }
    EXPECT_THAT(MessageOf(model.Model()), HasSubstr("in training mode"));
  }
}

// A normalization's own statistics are taken over, and constants behind it
// become part of it.
TEST(ImportNetwork, BatchNormalizationAndWhatFollowsByChannel) {
  ModelForTests model({1, 2, 2, 2});
  model.Tensor("s", {2}, {2, 3});
  model.Tensor("b", {2}, {1, -1});
  model.Tensor("m", {2}, {0.5f, 0.25f});
  model.Tensor("v", {2}, {4, 0.25f});
  model.Node("BatchNormalization", "bn", {"image", "s", "b", "m", "v"});
  model.Set("epsilon", 0.0f);
  model.Tensor("scale", {1, 2, 1, 1}, {2, -1});
  model.Node("Mul", "mul", {"bn", "scale"});
  model.Tensor("shift", {2, 1, 1}, {10, 20});
  model.Node("Add", "add", {"mul", "shift"});
  model.Tensor("one", {}, {1});
  model.Node("Sub", "sub", {"one", "add"});
  const std::vector<float> x = {0, 1, 2, 3, 4, 5, 6, 7};
  std::vector<float> wanted;
  for (size_t i = 0; i < 8; ++i) {
    const bool second = i >= 4;
    const float y =
        second ? 3 * (x[i] - 0.25f) / 0.5f - 1 : 2 * (x[i] - 0.5f) / 2 + 1;
    wanted.push_back(1 - (second ? 20 - y : 10 + 2 * y));
  }
  EXPECT_THAT(Evaluate(model, 8, x), Pointwise(FloatNear(1e-5f), wanted));
}

// Without a bias of its own, a convolution gets one.
TEST(ImportNetwork, ConstantsBehindLayersBecomePartOfThem) {
  ModelForTests model({1, 2, 1, 1});
  model.Tensor("w", {2, 2, 1, 1}, {1, 2, 3, 4});
  model.Node("Conv", "conv", {"image", "w"});
  model.Tensor("shift", {1, 2, 1, 1}, {10, 20});
  model.Node("Add", "add", {"shift", "conv"});
  model.Tensor("divisor", {2, 1, 1}, {2, 4});
  model.Node("Div", "div", {"add", "divisor"});
  model.Node("Flatten", "flatten", {"div"});
  model.Tensor("m", {2, 2}, {1, 0, 1, 1});
  model.Node("MatMul", "matmul", {"flatten", "m"});
  model.Tensor("bias", {2}, {0.5f, 0.25f});
  model.Node("Add", "plus", {"matmul", "bias"});
  // (1 + 2 + 10) / 2 = 6.5 and (3 + 4 + 20) / 4 = 6.75, times m.
  EXPECT_THAT(Evaluate(model, 2, {1, 1}), ElementsAre(13.75f, 7));
}

// Additions of what branches give, rectification and Caffe2's Sum of three.
TEST(ImportNetwork, ResidualAdditionsAndConcatenation) {
  ModelForTests model({1, 1, 1, 2});
  model.Node("Relu", "relu", {"image"});
  model.Tensor("w2", {1, 1, 1, 1}, {2});
  model.Node("Conv", "twice", {"image", "w2"});
  model.Node("Sum", "sum", {"relu", "twice", "image"});
  model.Node("Add", "add", {"relu", "sum"});
  model.Node("Concat", "concat", {"add", "relu", "image"});
  model.Set("axis", int64_t{1});
  model.Node("Clip", "clip", {"concat"});
  model.model().mutable_graph()->mutable_node(5)->add_input("");
  model.Tensor("zero", {}, {0});
  model.model().mutable_graph()->mutable_node(5)->set_input(1, "zero");
  EXPECT_THAT(Evaluate(model, 6, {-1, 2}), ElementsAre(0, 10, 0, 2, 0, 2));
}

// Windows that only one side's padding makes fit are those of a last window
// over the edge; a window over all of the image is global pooling.
TEST(ImportNetwork, PoolingWithPaddingAtOneSide) {
  const std::vector<float> image = {1, 2,  3,  4,  5,  6,  7,  8,
                                    9, 10, 11, 12, 13, 14, 15, 16};
  ModelForTests model({1, 1, 4, 4});
  model.Node("MaxPool", "pool", {"image"});
  model.SetAll("kernel_shape", {3, 3}).SetAll("strides", {2, 2});
  model.SetAll("pads", {0, 0, 1, 1});
  EXPECT_THAT(Evaluate(model, 4, image), ElementsAre(11, 12, 15, 16));

  ModelForTests average({1, 1, 4, 4});
  average.Node("AveragePool", "pool", {"image"});
  average.SetAll("kernel_shape", {3, 3}).SetAll("strides", {2, 2});
  onnx::AttributeProto* const automatic =
      average.model().mutable_graph()->mutable_node(0)->add_attribute();
  automatic->set_name("auto_pad");
  automatic->set_s("SAME_UPPER");
  EXPECT_THAT(Evaluate(average, 4, image), ElementsAre(6, 7.5f, 12, 13.5f));

  ModelForTests global({1, 1, 4, 4});
  global.Node("AveragePool", "pool", {"image"});
  global.SetAll("kernel_shape", {5, 5}).SetAll("pads", {0, 0, 1, 1});
  EXPECT_THAT(Evaluate(global, 1, image), ElementsAre(8.5f));

  ModelForTests mean({1, 1, 4, 4});
  mean.Node("ReduceMean", "mean", {"image"});
  mean.SetAll("axes", {-1, -2}).Set("keepdims", int64_t{0});
  EXPECT_THAT(Evaluate(mean, 1, image), ElementsAre(8.5f));
}

// TensorFlow's and older exporters' Pad in front of a convolution.
TEST(ImportNetwork, PadBecomesTheConvolutionsPadding) {
  const Plane image = {1, 2, 5, 4};
  ModelForTests model({1, 2, 5, 4});
  model.Integers("pads", {0, 0, 1, 1, 0, 0, 1, 1});
  model.Node("Pad", "pad", {"image", "pads"});
  model.RandomTensor("w", {3, 2, 3, 3});
  model.Node("Conv", "conv", {"pad", "w"});
  const std::vector<float> images = RandomImages(image.size());
  const std::vector<float> wanted =
      Convolve(image, images, ValuesOf(model.Model(), "w"), 3, 3, 1, 1, 1);
  EXPECT_THAT(Evaluate(model, 60, images), Pointwise(FloatNear(1e-5f), wanted));

  ModelForTests channels({1, 1, 1, 2});
  channels.Integers("pads", {0, 1, 0, 0, 0, 2, 0, 0});
  channels.Node("Pad", "pad", {"image", "pads"});
  EXPECT_THAT(Evaluate(channels, 8, {1, 2}),
              ElementsAre(0, 0, 1, 2, 0, 0, 0, 0));
}

// PyTorch writes x.view(x.size(0), -1) as a computation of the shape.
TEST(ImportNetwork, ShapesThatTheModelComputes) {
  ModelForTests model({1, 2, 1, 2});
  model.Node("Shape", "shape", {"image"});
  model.Integers("first", {0});
  model.Node("Gather", "gather", {"shape", "first"});
  model.Integers("rest", {-1});
  model.Node("Concat", "to", {"gather", "rest"});
  model.Set("axis", int64_t{0});
  model.Node("Reshape", "reshape", {"image", "to"});
  model.Node("Identity", "identity0", {"reshape"});
  EXPECT_THAT(Evaluate(model, 4, {1, 2, 3, 4}), ElementsAre(1, 2, 3, 4));
}

// Response normalization's constants keep their meaning, and dropout its rate.
TEST(ImportNetwork, LocalResponseNormalizationAndDropout) {
  ModelForTests model({1, 3, 1, 1}, /*opset=*/9);
  model.Node("LRN", "lrn", {"image"});
  model.Set("size", int64_t{3}).Set("alpha", 0.3f).Set("beta", 0.5f);
  model.Set("bias", 2.0f);
  model.Node("Dropout", "dropout", {"lrn"});
  model.Set("ratio", 0.4f);
  std::vector<float> wanted;
  const float sums[] = {1 + 4, 1 + 4 + 9, 4 + 9};
  for (int i = 0; i < 3; ++i)
    wanted.push_back((i + 1) / std::sqrt(2 + 0.1f * sums[i]));
  EXPECT_THAT(Evaluate(model, 3, {1, 2, 3}),
              Pointwise(FloatNear(1e-6f), wanted));
  const auto network = ImportNetwork(model.Model(), {});
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_FLOAT_EQ(network->graph.nodes(2).dropout().rate(), 0.4f);
}

// A network's output are logits; what is left out is said.
TEST(ImportNetwork, LastSoftmaxIsLeftOut) {
  ModelForTests model({1, 2, 1, 1});
  model.Tensor("w", {3, 2, 1, 1}, {1, 2, 3, 4, 5, 6});
  model.Node("Conv", "conv", {"image", "w"});
  model.Node("GlobalAveragePool", "pool", {"conv"});
  model.Node("Softmax", "probabilities", {"pool"});
  model.Set("axis", int64_t{1});
  const auto network = ImportNetwork(model.Model(), {});
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_THAT(
      OperatorsOf(network->graph),
      ElementsAre(testing::StrEq("input"), testing::StrEq("convolution"),
                  testing::StrEq("pooling")));
  EXPECT_THAT(network->notes, ElementsAre(HasSubstr("Softmax")));
}

// Weights of half precision are the numbers they stand for.
TEST(ImportNetwork, HalfPrecisionWeights) {
  for (const bool bfloat : {false, true}) {
    ModelForTests model({1, 3, 1, 1});
    onnx::TensorProto& tensor =
        *model.model().mutable_graph()->add_initializer();
    tensor.set_name("w");
    tensor.set_data_type(bfloat ? onnx::TensorProto::BFLOAT16
                                : onnx::TensorProto::FLOAT16);
    for (const int64_t extent : {3, 1, 1, 1}) tensor.add_dims(extent);
    // 1.5, -0.25, and a subnormal half or 2^-20.
    for (const int bits : bfloat ? std::vector<int>{0x3fc0, 0xbe80, 0x3580}
                                 : std::vector<int>{0x3e00, 0xb400, 0x0010})
      tensor.add_int32_data(bits);
    model.Node("Conv", "conv", {"image", "w"});
    model.Set("group", int64_t{3});
    EXPECT_THAT(Evaluate(model, 3, {2, 2, 2}),
                ElementsAre(3, -0.5f, std::ldexp(1.0f, -19)));
  }
}

// What is in the way is said for all nodes at once, without what only follows
// from it.
TEST(ImportNetwork, EveryNodeThatIsNotSupportedIsListed) {
  ModelForTests model({1, 3, 8, 8});
  model.Tensor("w", {1, 3, 3, 3}, std::vector<float>(27));
  model.Node("Conv", "dilated", {"image", "w"});
  model.SetAll("dilations", {2, 2});
  model.Node("Relu", "follows", {"dilated"});
  model.Node("HardSwish", "swish", {"follows"});
  model.Node("Sigmoid", "gate", {"image"});
  model.Node("Mul", "product", {"swish", "gate"});
  const std::string message = MessageOf(model.Model());
  EXPECT_THAT(message,
              AllOf(HasSubstr("3 of its 5 nodes"), HasSubstr("dilated (Conv)"),
                    HasSubstr("swish (HardSwish)"), HasSubstr("gate (Sigmoid)"),
                    Not(HasSubstr("follows")), Not(HasSubstr("product"))));
}

// Nodes that the chosen output does not need are not looked at.
TEST(ImportNetwork, OneOfSeveralOutputs) {
  ModelForTests model({1, 1, 1, 1});
  model.Node("Relu", "a", {"image"});
  model.Node("Sigmoid", "b", {"image"});
  onnx::ModelProto proto = model.Model();
  proto.mutable_graph()->add_output()->set_name("a");
  EXPECT_THAT(MessageOf(proto), HasSubstr("2 outputs (b, a)"));
  ImportOptions options;
  options.output = "a";
  EXPECT_TRUE(ImportNetwork(proto, options).ok());
}

// An image whose size the model leaves open gets the caller's.
TEST(ImportNetwork, OpenExtents) {
  ModelForTests model({0, 3, 0, 0});
  model.Node("GlobalAveragePool", "pool", {"image"});
  EXPECT_THAT(MessageOf(model.Model()), HasSubstr("--height"));
  ImportOptions options;
  options.height = 5;
  options.width = 4;
  const auto network = ImportNetwork(model.Model(), options);
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->graph.nodes(0).input().width(), 4);

  ModelForTests channels({1, 0, 4, 4});
  channels.Node("GlobalAveragePool", "pool", {"image"});
  EXPECT_THAT(MessageOf(channels.Model()),
              HasSubstr("input image leaves its channels open"));
}

// What no network can be is refused with the reason.
TEST(ImportNetwork, HostileModelsAreRefused) {
  const auto base = [] {
    ModelForTests model({1, 2, 4, 4});
    model.Tensor("w", {2, 2, 1, 1}, {1, 2, 3, 4});
    model.Node("Conv", "conv", {"image", "w"});
    model.Node("GlobalAveragePool", "pool", {"conv"});
    return model.Model();
  };
  ASSERT_TRUE(ImportNetwork(base(), {}).ok());

  onnx::ModelProto model = base();
  model.mutable_graph()->clear_initializer();
  EXPECT_THAT(MessageOf(model), HasSubstr("it reads w"));

  model = base();  // a cycle
  model.mutable_graph()->mutable_node(0)->set_input(0, "pool");
  EXPECT_THAT(MessageOf(model), HasSubstr("depends on no input"));

  model = base();
  model.mutable_graph()->mutable_node()->SwapElements(0, 1);
  EXPECT_THAT(MessageOf(model), HasSubstr("sorted"));

  model = base();
  onnx::TensorProto* tensor = model.mutable_graph()->mutable_initializer(0);
  tensor->set_data_location(onnx::TensorProto::EXTERNAL);
  EXPECT_THAT(MessageOf(model), HasSubstr("external data"));

  model = base();
  tensor = model.mutable_graph()->mutable_initializer(0);
  tensor->set_dims(0, int64_t{1} << 62);
  tensor->set_dims(1, 4);
  EXPECT_THAT(MessageOf(model), HasSubstr("more than a network has"));

  model = base();
  model.mutable_graph()->mutable_initializer(0)->set_dims(0, -2);
  EXPECT_THAT(MessageOf(model), HasSubstr("-2"));

  model = base();
  model.mutable_graph()->mutable_initializer(0)->set_dims(0, 200);
  EXPECT_THAT(MessageOf(model), HasSubstr("200x2x1x1 values"));

  model = base();
  model.mutable_graph()->mutable_node(0)->set_name("two\nlines");
  model.mutable_graph()->mutable_node(0)->set_op_type("New");
  EXPECT_THAT(MessageOf(model), Not(HasSubstr("\n")));

  model = base();
  model.mutable_opset_import(0)->set_version(6);
  EXPECT_THAT(MessageOf(model), HasSubstr("opset 6"));

  model = base();
  model.mutable_graph()->mutable_node(1)->set_output(0, "w");
  EXPECT_FALSE(ImportNetwork(model, {}).ok());
}

// A few bytes that stand for more memory than there is are refused before any
// is taken.
TEST(ImportNetwork, WeightsOfEnormousSize) {
  ModelForTests model({1, 1, 1, 1});
  model.Integers("extents", {1, 1 << 19});
  model.Node("ConstantOfShape", "w", {"extents"});
  model.Node("Flatten", "flat", {"image"});
  model.Node("MatMul", "matmul", {"flat", "w"});
  ImportOptions options;
  options.most_values = 1000;
  EXPECT_THAT(MessageOf(model.Model(), options), HasSubstr("1000 values"));
}

// Nor do a constant and an image that says to have so many channels take any.
TEST(ImportNetwork, ConstantForChannelsOfEnormousNumber) {
  for (const char* op : {"Add", "Sub", "Mul", "Div"}) {
    ModelForTests model({1, int64_t{1} << 39, 1, 1});
    model.Tensor("scalar", {}, {1});
    model.Node(op, "node", {"image", "scalar"});
    EXPECT_THAT(MessageOf(model.Model()), HasSubstr("a constant with image"));
  }
}

}  // namespace
}  // namespace tritlab
