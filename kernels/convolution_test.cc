#include "kernels/convolution.h"

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kernels/bfloat16.h"
#include "kernels/convolution_shapes_testing.h"
#include "kernels/kernel_testing.h"
#include "kernels/reference/convolution.h"
#include "kernels/tensor.h"
#include "kernels/weight_gradient/bfloat16_weight_gradient.h"

namespace tritlab {
namespace {

using ::testing::Combine;
using ::testing::Values;
using ::testing::ValuesIn;

// One convolution with random data, and what the reference makes of it.
struct Case {
  Case(const ConvolutionShape& shape, DataType type)
      : shape(shape),
        type(type),
        input(RandomValues(shape.input.size(), type, 1)),
        weights(RandomValues(shape.weight_count(), type, 2)),
        bias(RandomValues(shape.bias ? shape.out_channels : 0, type, 3)),
        grad_output(RandomValues(shape.output().size(), type, 4)) {}

  std::unique_ptr<Convolution> Create() const {
    auto convolution = Convolution::Create(
        shape, type, {.training = true, .input_gradient = true});
    EXPECT_TRUE(convolution.ok()) << convolution.status();
    if (!convolution.ok()) return nullptr;
    (*convolution)->SetWeights(weights, bias);
    return *std::move(convolution);
  }

  ConvolutionShape shape;
  DataType type;
  std::vector<float> input, weights, bias, grad_output;
};

using SweptCase = std::tuple<ConvolutionShape, DataType>;

std::string NameOfCase(const testing::TestParamInfo<SweptCase>& info) {
  return absl::StrCat(NameOf(std::get<0>(info.param)), "_",
                      Name(std::get<1>(info.param)));
}

class ConvolutionSweep : public testing::TestWithParam<SweptCase> {};

TEST_P(ConvolutionSweep, AllPassesAgreeWithTheReference) {
  const Case c(std::get<0>(GetParam()), std::get<1>(GetParam()));
  const std::unique_ptr<Convolution> convolution = c.Create();
  ASSERT_NE(convolution, nullptr);
  SCOPED_TRACE(convolution->Implementations());
  const TypedArray input(c.type, c.input);
  const TypedArray grad_output(c.type, c.grad_output);

  TypedArray output(c.type, c.shape.output().size());
  convolution->Forward(input.data(), output.data());
  std::vector<float> expected(c.grad_output.size());
  reference::ConvolutionForward<float>(c.shape, c.input, c.weights, c.bias,
                                       expected);
  ExpectClose(output.Floats(), expected, c.type, "output");

  TypedArray grad_input(c.type, c.shape.input.size());
  convolution->BackwardInput(grad_output.data(), grad_input.data());
  expected.resize(c.input.size());
  reference::ConvolutionBackwardInput<float>(c.shape, c.weights, c.grad_output,
                                             expected);
  ExpectClose(grad_input.Floats(), expected, c.type, "grad_input");

  std::vector<float> grad_weights(c.weights.size(), NAN);
  std::vector<float> grad_bias(c.bias.size(), NAN);
  convolution->BackwardWeights(input.data(), grad_output.data(), grad_weights,
                               grad_bias);
  expected.resize(c.weights.size());
  std::vector<float> expected_bias(c.bias.size());
  reference::ConvolutionBackwardWeights<float>(c.shape, c.input, c.grad_output,
                                               expected, expected_bias);
  // Parameters' gradients are f32 whatever the activations are.
  ExpectClose(grad_weights, expected, DataType::kF32, "grad_weights");
  ExpectClose(grad_bias, expected_bias, DataType::kF32, "grad_bias");

  // Also on processors where products of f32 are faster.
  if (c.type != DataType::kBF16) return;
  const auto of_bf16 = BFloat16WeightGradient::Create(c.shape);
  if (of_bf16 == nullptr) return;
  of_bf16->Run(static_cast<const BFloat16*>(input.data()),
               static_cast<const BFloat16*>(grad_output.data()), grad_weights);
  ExpectClose(grad_weights, expected, DataType::kF32, of_bf16->Name());
}

INSTANTIATE_TEST_SUITE_P(Shapes, ConvolutionSweep,
                         Combine(ValuesIn(SweptConvolutionShapes()),
                                 Values(DataType::kF32, DataType::kBF16)),
                         NameOfCase);

// The reference's backward passes are the derivatives of its forward pass; with
// the sweep above, so are the kernels'.
TEST(Convolution, GradientsAreThoseOfFiniteDifferences) {
  for (const int64_t groups : {1, 2}) {
    for (const int64_t stride : {1, 2}) {
      const Case c({.input = {2, 5, 4, 4},
                    .out_channels = 6,
                    .kernel_height = 3,
                    .kernel_width = 2,
                    .stride = stride,
                    .padding = 1,
                    .groups = groups,
                    .bias = true},
                   DataType::kF32);
      SCOPED_TRACE(NameOf(c.shape));
      std::vector<double> input = Doubles(c.input);
      std::vector<double> weights = Doubles(c.weights);
      std::vector<double> bias = Doubles(c.bias);
      const std::vector<double> grad_output = Doubles(c.grad_output);
      std::vector<double> output(grad_output.size());
      const auto loss = [&] {
        reference::ConvolutionForward<double>(c.shape, input, weights, bias,
                                              output);
        return DotProduct(output, grad_output);
      };
      std::vector<double> grad_input(input.size());
      std::vector<double> grad_weights(weights.size());
      std::vector<double> grad_bias(bias.size());
      reference::ConvolutionBackwardInput<double>(c.shape, weights, grad_output,
                                                  grad_input);
      reference::ConvolutionBackwardWeights<double>(c.shape, input, grad_output,
                                                    grad_weights, grad_bias);
      ExpectGradient(input, grad_input, loss, "input");
      ExpectGradient(weights, grad_weights, loss, "weights");
      ExpectGradient(bias, grad_bias, loss, "bias");
    }
  }
}

// Training must give the same bits again, from run to run.
TEST(Convolution, TwoObjectsGiveTheSameBits) {
  for (const auto& [type, bias] : {std::pair{DataType::kF32, true},
                                   {DataType::kBF16, true},
                                   {DataType::kBF16, false}}) {
    const Case c({.input = {16, 16, 16, 16},
                  .out_channels = 32,
                  .kernel_height = 3,
                  .kernel_width = 3,
                  .stride = 2,
                  .padding = 1,
                  .bias = bias},
                 type);
    const TypedArray input(type, c.input);
    const TypedArray grad_output(type, c.grad_output);
    std::vector<std::vector<uint8_t>> outputs, grad_inputs;
    std::vector<std::vector<float>> grad_weights(3), grad_biases(3);
    for (int run = 0; run < 3; ++run) {
      const std::unique_ptr<Convolution> convolution = c.Create();
      ASSERT_NE(convolution, nullptr);
      TypedArray output(type, c.grad_output.size());
      TypedArray grad_input(type, c.input.size());
      grad_weights[run].resize(c.weights.size());
      grad_biases[run].resize(c.bias.size());
      convolution->Forward(input.data(), output.data());
      convolution->BackwardInput(grad_output.data(), grad_input.data());
      convolution->BackwardWeights(input.data(), grad_output.data(),
                                   grad_weights[run], grad_biases[run]);
      outputs.push_back(output.Bytes());
      grad_inputs.push_back(grad_input.Bytes());
    }
    for (int run = 1; run < 3; ++run) {
      EXPECT_EQ(outputs[run], outputs[0]);
      EXPECT_EQ(grad_inputs[run], grad_inputs[0]);
      EXPECT_EQ(grad_weights[run], grad_weights[0]);
      EXPECT_EQ(grad_biases[run], grad_biases[0]);
    }
  }
}

// The last SetWeights counts, in every layout that was made of the weights.
TEST(Convolution, NewWeightsReplaceOldOnes) {
  Case c({.input = {2, 6, 6, 16},
          .out_channels = 16,
          .kernel_height = 3,
          .kernel_width = 3,
          .padding = 1},
         DataType::kF32);
  const std::unique_ptr<Convolution> convolution = c.Create();
  ASSERT_NE(convolution, nullptr);
  c.weights = RandomValues(c.weights.size(), DataType::kF32, 99);
  convolution->SetWeights(c.weights, {});
  std::vector<float> output(c.grad_output.size()), expected(output.size());
  convolution->Forward(c.input.data(), output.data());
  reference::ConvolutionForward<float>(c.shape, c.input, c.weights, {},
                                       expected);
  ExpectClose(output, expected, DataType::kF32, "output");
  std::vector<float> grad_input(c.input.size());
  expected.resize(c.input.size());
  convolution->BackwardInput(c.grad_output.data(), grad_input.data());
  reference::ConvolutionBackwardInput<float>(c.shape, c.weights, c.grad_output,
                                             expected);
  ExpectClose(grad_input, expected, DataType::kF32, "grad_input");
}

// Objects are made in one thread and may run in others, whose scratch memory is
// their own.
TEST(Convolution, MayRunInAnotherThreadThanItWasMadeIn) {
  for (DataType type : {DataType::kF32, DataType::kBF16}) {
    const Case c({.input = {4, 8, 8, 17},
                  .out_channels = 16,
                  .kernel_height = 3,
                  .kernel_width = 3,
                  .padding = 1},
                 type);
    const std::unique_ptr<Convolution> convolution = c.Create();
    ASSERT_NE(convolution, nullptr);
    const TypedArray input(type, c.input), grad_output(type, c.grad_output);
    std::vector<float> here(c.weights.size()), there(c.weights.size());
    convolution->BackwardWeights(input.data(), grad_output.data(), here, {});
    std::thread([&] {
      convolution->BackwardWeights(input.data(), grad_output.data(), there, {});
    }).join();
    EXPECT_EQ(here, there);
  }
}

TEST(ConvolutionShape, OutputRoundsDown) {
  const ConvolutionShape shape = {.input = {4, 32, 31, 16},
                                  .out_channels = 32,
                                  .kernel_height = 3,
                                  .kernel_width = 3,
                                  .stride = 2,
                                  .padding = 1};
  EXPECT_EQ(shape.output(), (Shape{4, 16, 16, 32}));
  EXPECT_EQ(shape.weight_count(), 32 * 3 * 3 * 16);
}

// Each message names what to change.
TEST(ConvolutionShape, ValidateNamesTheFieldAtFault) {
  const ConvolutionShape good = {.input = {1, 4, 4, 6},
                                 .out_channels = 9,
                                 .kernel_height = 3,
                                 .kernel_width = 3,
                                 .groups = 3};
  EXPECT_TRUE(good.Validate().ok()) << good.Validate();
  const auto message = [&](auto change) {
    ConvolutionShape shape = good;
    change(shape);
    const absl::Status status = shape.Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_FALSE(Convolution::Create(shape, DataType::kF32, {}).ok());
    return std::string(status.message());
  };
  const auto mentions = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(
      mentions(message([](auto& s) { s.input.batch = 0; }), "input.batch"));
  EXPECT_TRUE(mentions(message([](auto& s) { s.input.channels = -3; }),
                       "input.channels"));
  EXPECT_TRUE(
      mentions(message([](auto& s) { s.out_channels = 0; }), "out_channels"));
  EXPECT_TRUE(mentions(message([](auto& s) { s.stride = 0; }), "stride"));
  EXPECT_TRUE(mentions(message([](auto& s) { s.padding = -1; }), "padding"));
  EXPECT_TRUE(mentions(message([](auto& s) { s.groups = 2; }), "groups = 2"));
  EXPECT_TRUE(mentions(message([](auto& s) { s.groups = 0; }), "groups"));
  EXPECT_TRUE(
      mentions(message([](auto& s) { s.kernel_height = 5; }), "height 5"));
  EXPECT_TRUE(
      mentions(message([](auto& s) { s.kernel_width = 7; }), "width 7"));
  // Products that would overflow are refused before they are formed.
  EXPECT_TRUE(mentions(message([](auto& s) {
                         s.input = {1 << 30, 1 << 30, 1 << 30, 3};
                       }),
                       "2^40"));
}

}  // namespace
}  // namespace tritlab
