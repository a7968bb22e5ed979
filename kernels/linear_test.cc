#include "kernels/linear.h"

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kernels/kernel_testing.h"
#include "kernels/reference/linear.h"
#include "kernels/tensor.h"

namespace tritlab {
namespace {

using ::testing::Combine;
using ::testing::Values;

struct Case {
  Case(const LinearShape& shape, DataType type)
      : shape(shape),
        type(type),
        input(RandomValues(shape.batch * shape.in_features, type, 1)),
        weights(RandomValues(shape.out_features * shape.in_features, type, 2)),
        bias(RandomValues(shape.out_features, DataType::kF32, 3)),
        grad_output(RandomValues(shape.batch * shape.out_features, type, 4)) {}

  std::unique_ptr<Linear> Create(bool training) const {
    auto created = Linear::Create(shape, type, training);
    EXPECT_TRUE(created.ok()) << created.status();
    if (!created.ok()) return nullptr;
    (*created)->SetWeights(weights, bias);
    return *std::move(created);
  }

  LinearShape shape;
  DataType type;
  std::vector<float> input, weights, bias, grad_output;
};

class LinearSweep
    : public testing::TestWithParam<std::tuple<LinearShape, DataType>> {};

TEST_P(LinearSweep, AllPassesAgreeWithTheReference) {
  const Case c(std::get<0>(GetParam()), std::get<1>(GetParam()));
  const std::unique_ptr<Linear> linear = c.Create(true);
  ASSERT_NE(linear, nullptr);
  SCOPED_TRACE(linear->Implementations());
  const TypedArray input(c.type, c.input);
  const TypedArray grad_output(c.type, c.grad_output);

  TypedArray output(c.type, c.grad_output.size());
  linear->Forward(input.data(), output.data());
  std::vector<float> expected(c.grad_output.size());
  reference::LinearForward<float>(c.shape, c.input, c.weights, c.bias,
                                  expected);
  ExpectClose(output.Floats(), expected, c.type, "output");

  TypedArray grad_input(c.type, c.input.size());
  linear->BackwardInput(grad_output.data(), grad_input.data());
  expected.resize(c.input.size());
  reference::LinearBackwardInput<float>(c.shape, c.weights, c.grad_output,
                                        expected);
  ExpectClose(grad_input.Floats(), expected, c.type, "grad_input");

  std::vector<float> grad_weights(c.weights.size(), NAN);
  std::vector<float> grad_bias(c.bias.size(), NAN);
  linear->BackwardWeights(input.data(), grad_output.data(), grad_weights,
                          grad_bias);
  expected.resize(c.weights.size());
  std::vector<float> expected_bias(c.bias.size());
  reference::LinearBackwardWeights<float>(c.shape, c.input, c.grad_output,
                                          expected, expected_bias);
  ExpectClose(grad_weights, expected, DataType::kF32, "grad_weights");
  ExpectClose(grad_bias, expected_bias, DataType::kF32, "grad_bias");
}

TEST_P(LinearSweep, InferenceAgreesWithTheReference) {
  const Case c(std::get<0>(GetParam()), std::get<1>(GetParam()));
  const std::unique_ptr<Linear> linear = c.Create(false);
  ASSERT_NE(linear, nullptr);
  SCOPED_TRACE(linear->Implementations());
  const TypedArray input(c.type, c.input);
  TypedArray output(c.type, c.grad_output.size());
  linear->Forward(input.data(), output.data());
  std::vector<float> expected(c.grad_output.size());
  reference::LinearForward<float>(c.shape, c.input, c.weights, c.bias,
                                  expected);
  ExpectClose(output.Floats(), expected, c.type, "output");
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, LinearSweep,
    Combine(Values(LinearShape{1, 1, 1}, LinearShape{5, 3, 2},
                   LinearShape{1, 64, 10}, LinearShape{128, 64, 10},
                   LinearShape{7, 17, 33}, LinearShape{16, 256, 100},
                   LinearShape{2, 500, 129},
                   // So many weights that in f32 they stay as they are.
                   LinearShape{3, 4100, 4099}),
            Values(DataType::kF32, DataType::kBF16)),
    [](const auto& info) {
      const LinearShape& shape = std::get<0>(info.param);
      return absl::StrCat(shape.batch, "x", shape.in_features, "_",
                          shape.out_features, "_",
                          Name(std::get<1>(info.param)));
    });

// The reference's backward passes are the derivatives of its forward pass.
TEST(Linear, GradientsAreThoseOfFiniteDifferences) {
  const Case c({.batch = 3, .in_features = 7, .out_features = 4},
               DataType::kF32);
  std::vector<double> input = Doubles(c.input);
  std::vector<double> weights = Doubles(c.weights);
  std::vector<double> bias = Doubles(c.bias);
  const std::vector<double> grad_output = Doubles(c.grad_output);
  std::vector<double> output(grad_output.size());
  const auto loss = [&] {
    reference::LinearForward<double>(c.shape, input, weights, bias, output);
    return DotProduct(output, grad_output);
  };
  std::vector<double> grad_input(input.size()), grad_weights(weights.size());
  std::vector<double> grad_bias(bias.size());
  reference::LinearBackwardInput<double>(c.shape, weights, grad_output,
                                         grad_input);
  reference::LinearBackwardWeights<double>(c.shape, input, grad_output,
                                           grad_weights, grad_bias);
  ExpectGradient(input, grad_input, loss, "input");
  ExpectGradient(weights, grad_weights, loss, "weights");
  ExpectGradient(bias, grad_bias, loss, "bias");
}

// Training must give the same bits again, from run to run.
TEST(Linear, TwoObjectsGiveTheSameBits) {
  for (DataType type : {DataType::kF32, DataType::kBF16}) {
    const Case c({.batch = 128, .in_features = 256, .out_features = 100}, type);
    const TypedArray input(type, c.input), grad_output(type, c.grad_output);
    std::vector<std::vector<uint8_t>> outputs;
    std::vector<std::vector<float>> gradients;
    for (int run = 0; run < 2; ++run) {
      const std::unique_ptr<Linear> linear = c.Create(true);
      ASSERT_NE(linear, nullptr);
      TypedArray output(type, c.grad_output.size());
      std::vector<float> grad_weights(c.weights.size()), grad_bias(100);
      linear->Forward(input.data(), output.data());
      linear->BackwardWeights(input.data(), grad_output.data(), grad_weights,
                              grad_bias);
      outputs.push_back(output.Bytes());
      gradients.push_back(grad_weights);
      gradients.back().insert(gradients.back().end(), grad_bias.begin(),
                              grad_bias.end());
    }
    EXPECT_EQ(outputs[0], outputs[1]);
    EXPECT_EQ(gradients[0], gradients[1]);
  }
}

TEST(LinearShape, ValidateNamesTheFieldAtFault) {
  EXPECT_TRUE((LinearShape{1, 2, 3}.Validate().ok()));
  const auto fault = [](const LinearShape& shape) {
    const absl::Status status =
        Linear::Create(shape, DataType::kF32, true).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_NE(fault({0, 2, 3}).find("batch"), std::string::npos);
  EXPECT_NE(fault({1, -2, 3}).find("in_features"), std::string::npos);
  EXPECT_NE(fault({1, 2, 0}).find("out_features"), std::string::npos);
  EXPECT_NE(fault({1, 1 << 30, 1 << 30}).find("weights"), std::string::npos);
}

}  // namespace
}  // namespace tritlab
