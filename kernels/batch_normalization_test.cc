#include "kernels/batch_normalization.h"

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kernels/kernel_testing.h"
#include "kernels/reference/batch_normalization.h"
#include "kernels/tensor.h"

namespace tritlab {
namespace {

using ::testing::Bool;
using ::testing::Combine;
using ::testing::Values;

struct Case {
  Case(const BatchNormalizationShape& shape, DataType type)
      : shape(shape),
        type(type),
        input(RandomValues(shape.input.size(), type, 1)),
        grad_output(RandomValues(shape.input.size(), type, 2)),
        scale(RandomValues(shape.input.channels, DataType::kF32, 3)),
        shift(RandomValues(shape.input.channels, DataType::kF32, 4)) {
    // Not around 0, where a one-pass variance would pass as well.
    const std::vector<float> offset =
        RandomValues(shape.input.channels, DataType::kF32, 5);
    for (size_t i = 0; i < input.size(); ++i) {
      input[i] += 3 * offset[i % offset.size()];
    }
    input = TypedArray(type, input).Floats();
  }

  int64_t channels() const { return shape.input.channels; }

  std::unique_ptr<BatchNormalization> Create(bool training) const {
    auto created = BatchNormalization::Create(shape, type, training);
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? *std::move(created) : nullptr;
  }

  BatchNormalizationShape shape;
  DataType type;
  std::vector<float> input, grad_output, scale, shift;
};

class BatchNormalizationSweep
    : public testing::TestWithParam<std::tuple<Shape, bool, DataType>> {
 protected:
  Case MakeCase() const {
    const auto& [input, relu, type] = GetParam();
    return Case({.input = input, .relu = relu}, type);
  }
};

TEST_P(BatchNormalizationSweep, TrainingAgreesWithTheReference) {
  const Case c = MakeCase();
  const std::unique_ptr<BatchNormalization> layer = c.Create(true);
  ASSERT_NE(layer, nullptr);
  SCOPED_TRACE(layer->Implementations());
  const TypedArray input(c.type, c.input);
  TypedArray output(c.type, c.input.size());
  std::vector<float> mean(c.channels(), NAN), variance(c.channels(), NAN);
  layer->ForwardTraining(input.data(), c.scale, c.shift, output.data(), mean,
                         variance);
  std::vector<float> expected(c.input.size());
  std::vector<float> expected_mean(c.channels()),
      expected_variance(c.channels());
  reference::BatchNormalizationTraining<float>(c.shape, c.input, c.scale,
                                               c.shift, expected, expected_mean,
                                               expected_variance);
  ExpectClose(mean, expected_mean, DataType::kF32, "mean");
  ExpectClose(variance, expected_variance, DataType::kF32, "variance");
  ExpectClose(output.Floats(), expected, c.type, "output");

  // The gradient is masked by where the kernel's own ReLU was open: elements
  // that round to one side here and to the other there get no gradient.
  std::vector<float> masked = c.grad_output;
  if (c.shape.relu) {
    for (size_t i = 0; i < masked.size(); ++i) {
      const int64_t channel = i % c.channels();
      const double before =
          c.scale[channel] * reference::Normalized(c.shape, c.input[i],
                                                   expected_mean[channel],
                                                   expected_variance[channel]) +
          c.shift[channel];
      if (std::abs(before) < 1e-5) masked[i] = 0;
    }
  }
  const TypedArray grad_output(c.type, masked);
  TypedArray grad_input(c.type, c.input.size());
  std::vector<float> grad_scale(c.channels(), NAN),
      grad_shift(c.channels(), NAN);
  layer->Backward(input.data(), grad_output.data(), c.scale, grad_input.data(),
                  grad_scale, grad_shift);
  std::vector<float> expected_scale(c.channels()), expected_shift(c.channels());
  reference::BatchNormalizationBackward<float>(
      c.shape, c.input, masked, c.scale, c.shift, expected_mean,
      expected_variance, expected, expected_scale, expected_shift);
  ExpectClose(grad_input.Floats(), expected, c.type, "grad_input");
  ExpectClose(grad_scale, expected_scale, DataType::kF32, "grad_scale");
  ExpectClose(grad_shift, expected_shift, DataType::kF32, "grad_shift");

  // The header allows the input's gradient to take the output's place.
  TypedArray in_place(c.type, masked);
  layer->Backward(input.data(), in_place.data(), c.scale, in_place.data(),
                  grad_scale, grad_shift);
  EXPECT_EQ(in_place.Bytes(), grad_input.Bytes());
}

TEST_P(BatchNormalizationSweep, InferenceAgreesWithTheReference) {
  const Case c = MakeCase();
  const std::unique_ptr<BatchNormalization> layer = c.Create(false);
  ASSERT_NE(layer, nullptr);
  SCOPED_TRACE(layer->Implementations());
  const std::vector<float> mean = RandomValues(c.channels(), DataType::kF32, 6);
  std::vector<float> variance = RandomValues(c.channels(), DataType::kF32, 7);
  for (float& value : variance) value = 1.5f + value;
  const TypedArray input(c.type, c.input);
  TypedArray output(c.type, c.input.size());
  layer->ForwardInference(input.data(), c.scale, c.shift, mean, variance,
                          output.data());
  std::vector<float> expected(c.input.size());
  reference::BatchNormalizationInference<float>(
      c.shape, c.input, c.scale, c.shift, mean, variance, expected);
  ExpectClose(output.Floats(), expected, c.type, "output");
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, BatchNormalizationSweep,
    Combine(Values(Shape{1, 5, 3, 1}, Shape{5, 4, 4, 3}, Shape{2, 9, 7, 16},
                   Shape{5, 3, 5, 17}, Shape{4, 8, 8, 32}, Shape{3, 8, 8, 64},
                   Shape{8, 1, 1, 10}, Shape{5, 7, 7, 100}),
            Bool(), Values(DataType::kF32, DataType::kBF16)),
    [](const auto& info) {
      return absl::StrCat(ToString(std::get<0>(info.param)),
                          std::get<1>(info.param) ? "_relu_" : "_",
                          Name(std::get<2>(info.param)));
    });

// The reference's backward pass is the derivative of its forward pass, through
// mean and variance as well.
TEST(BatchNormalization, GradientsAreThoseOfFiniteDifferences) {
  for (bool relu : {false, true}) {
    const Case c({.input = {3, 4, 2, 5}, .epsilon = 1e-3f, .relu = relu},
                 DataType::kF32);
    std::vector<double> input = Doubles(c.input);
    std::vector<double> scale = Doubles(c.scale);
    std::vector<double> shift = Doubles(c.shift);
    const std::vector<double> grad_output = Doubles(c.grad_output);
    std::vector<double> output(input.size()), mean(5), variance(5);
    const auto loss = [&] {
      reference::BatchNormalizationTraining<double>(
          c.shape, input, scale, shift, output, mean, variance);
      return DotProduct(output, grad_output);
    };
    loss();
    std::vector<double> grad_input(input.size()), grad_scale(5), grad_shift(5);
    reference::BatchNormalizationBackward<double>(
        c.shape, input, grad_output, scale, shift, mean, variance, grad_input,
        grad_scale, grad_shift);
    ExpectGradient(input, grad_input, loss, "input");
    ExpectGradient(scale, grad_scale, loss, "scale");
    ExpectGradient(shift, grad_shift, loss, "shift");
  }
}

// A trainer evaluates between two steps with the object it trains with.
TEST(BatchNormalization, TrainingObjectInfersAndBackwardIsNotDisturbed) {
  const Case c({.input = {4, 6, 6, 16}, .relu = true}, DataType::kF32);
  const std::unique_ptr<BatchNormalization> layer = c.Create(true);
  ASSERT_NE(layer, nullptr);
  std::vector<float> output(c.input.size()), mean(16), variance(16);
  std::vector<float> grad_input(c.input.size()), again(c.input.size());
  std::vector<float> grad_scale(16), grad_shift(16);
  layer->ForwardTraining(c.input.data(), c.scale, c.shift, output.data(), mean,
                         variance);
  layer->Backward(c.input.data(), c.grad_output.data(), c.scale,
                  grad_input.data(), grad_scale, grad_shift);
  const std::vector<float> zeros(16, 0.0f), ones(16, 1.0f);
  layer->ForwardInference(c.input.data(), c.scale, c.shift, zeros, ones,
                          output.data());
  layer->Backward(c.input.data(), c.grad_output.data(), c.scale, again.data(),
                  grad_scale, grad_shift);
  EXPECT_EQ(grad_input, again);
}

// Training must give the same bits again, from run to run.
TEST(BatchNormalization, TwoObjectsGiveTheSameBits) {
  for (DataType type : {DataType::kF32, DataType::kBF16}) {
    const Case c({.input = {16, 16, 16, 16}, .relu = true}, type);
    const TypedArray input(type, c.input), grad_output(type, c.grad_output);
    std::vector<std::vector<uint8_t>> outputs, grad_inputs;
    for (int run = 0; run < 2; ++run) {
      const std::unique_ptr<BatchNormalization> layer = c.Create(true);
      ASSERT_NE(layer, nullptr);
      TypedArray output(type, c.input.size()), grad_input(type, c.input.size());
      std::vector<float> mean(16), variance(16), grad_scale(16), grad_shift(16);
      layer->ForwardTraining(input.data(), c.scale, c.shift, output.data(),
                             mean, variance);
      layer->Backward(input.data(), grad_output.data(), c.scale,
                      grad_input.data(), grad_scale, grad_shift);
      outputs.push_back(output.Bytes());
      grad_inputs.push_back(grad_input.Bytes());
    }
    EXPECT_EQ(outputs[0], outputs[1]);
    EXPECT_EQ(grad_inputs[0], grad_inputs[1]);
  }
}

TEST(BatchNormalizationShape, ValidateNamesTheFieldAtFault) {
  BatchNormalizationShape shape = {.input = {2, 3, 4, 5}};
  EXPECT_TRUE(shape.Validate().ok());
  for (float epsilon : {0.0f, -1e-5f, NAN, INFINITY}) {
    shape.epsilon = epsilon;
    const absl::Status status = shape.Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(std::string(status.message()).find("epsilon"), std::string::npos);
  }
  shape.epsilon = 1e-5f;
  shape.input.width = 0;
  const absl::Status status =
      BatchNormalization::Create(shape, DataType::kF32, true).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("input.width"),
            std::string::npos);
}

}  // namespace
}  // namespace tritlab
