#include "kernels/split_batch_normalization.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/kernel_testing.h"
#include "kernels/reference/batch_normalization.h"
#include "kernels/threads.h"

namespace tritlab {
namespace {

using ::testing::Bool;
using ::testing::Combine;
using ::testing::Values;

class SplitBatchNormalizationSweep
    : public testing::TestWithParam<std::tuple<Shape, bool, DataType, int>> {};

// Shares of a batch whose sums are added up give what the reference says of
// the whole batch, forwards and backwards.
TEST_P(SplitBatchNormalizationSweep, SharesAgreeWithTheWholeBatch) {
  const auto& [whole, relu, type, shares] = GetParam();
  const BatchNormalizationShape shape{.input = whole, .relu = relu};
  const int64_t channels = whole.channels;
  std::vector<float> values = RandomValues(whole.size(), type, 1);
  // Not around 0, where a careless variance would pass as well.
  const std::vector<float> offset = RandomValues(channels, DataType::kF32, 2);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] += 3 * offset[i % channels];
  const std::vector<float> input = TypedArray(type, values).Floats();
  const std::vector<float> grad_output = RandomValues(whole.size(), type, 3);
  const std::vector<float> scale = RandomValues(channels, DataType::kF32, 4);
  const std::vector<float> shift = RandomValues(channels, DataType::kF32, 5);

  BatchNormalizationShape share = shape;
  share.input.batch /= shares;
  const size_t elements = share.input.size();
  const double pixels =
      static_cast<double>(whole.size()) / static_cast<double>(channels);
  const auto part = [&](const std::vector<float>& of, int i) {
    return TypedArray(type, std::span(of).subspan(i * elements, elements));
  };
  const auto add = [](const std::vector<double>& terms,
                      std::vector<double>& sum) {
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += terms[i];
  };

  std::vector<double> sums(2 * channels, 0.0), own(2 * channels, -1.0);
  for (int i = 0; i < shares; ++i) {
    BatchNormalizationSums(share, type, part(input, i).data(), own);
    add(own, sums);
  }
  std::vector<float> mean(channels), variance(channels);
  BatchNormalizationStatistics(sums, pixels, mean, variance);
  std::vector<float> output;
  for (int i = 0; i < shares; ++i) {
    TypedArray of_share(type, static_cast<int64_t>(elements));
    BatchNormalizationApply(share, type, part(input, i).data(), scale, shift,
                            mean, variance, of_share.data());
    const std::vector<float> floats = of_share.Floats();
    output.insert(output.end(), floats.begin(), floats.end());
  }
  std::vector<float> expected(input.size()), expected_mean(channels),
      expected_variance(channels);
  reference::BatchNormalizationTraining<float>(
      shape, input, scale, shift, expected, expected_mean, expected_variance);
  ExpectClose(mean, expected_mean, DataType::kF32, "mean");
  ExpectClose(variance, expected_variance, DataType::kF32, "variance");
  ExpectClose(output, expected, type, "output");

  // The gradient is masked by where the outputs here are above 0: what rounds
  // to one side here may be on the other there.
  std::vector<float> masked = grad_output;
  for (size_t i = 0; relu && i < masked.size(); ++i) {
    if (!(output[i] > 0)) masked[i] = 0;
  }
  std::vector<double> gradient_sums(2 * channels, 0.0);
  for (int i = 0; i < shares; ++i) {
    BatchNormalizationGradientSums(
        share, type, part(input, i).data(), part(output, i).data(),
        part(grad_output, i).data(), mean, variance, own);
    add(own, gradient_sums);
  }
  std::vector<float> grad_input;
  for (int i = 0; i < shares; ++i) {
    // In place, as training calls it.
    TypedArray gradient = part(grad_output, i);
    BatchNormalizationInputGradient(share, type, part(input, i).data(),
                                    part(output, i).data(), gradient.data(),
                                    scale, mean, variance, gradient_sums,
                                    pixels, gradient.data());
    const std::vector<float> floats = gradient.Floats();
    grad_input.insert(grad_input.end(), floats.begin(), floats.end());
  }
  BatchNormalizationShape without_relu = shape;
  without_relu.relu = false;
  std::vector<float> expected_grad(input.size()), grad_scale(channels),
      grad_shift(channels);
  reference::BatchNormalizationBackward<float>(
      without_relu, input, masked, scale, shift, expected_mean,
      expected_variance, expected_grad, grad_scale, grad_shift);
  ExpectClose(grad_input, expected_grad, type, "grad_input", 2);
  ExpectClose({gradient_sums.begin(), gradient_sums.begin() + channels},
              grad_shift, DataType::kF32, "grad_shift", 2);
  ExpectClose({gradient_sums.begin() + channels, gradient_sums.end()},
              grad_scale, DataType::kF32, "grad_scale", 2);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, SplitBatchNormalizationSweep,
    Combine(Values(Shape{.batch = 6, .height = 1, .width = 1, .channels = 5},
                   Shape{.batch = 6, .height = 7, .width = 5, .channels = 16},
                   Shape{
                       .batch = 12, .height = 16, .width = 16, .channels = 33}),
            Bool(), Values(DataType::kF32, DataType::kBF16), Values(1, 2, 3)));

// What is compared with finite differences is the whole: the loss of one share
// depends on the inputs of the other through the sums. The reference's gradient
// is checked so in batch_normalization_test; here, that the order of sums does
// not depend on threads.
TEST(SplitBatchNormalizationTest, SumsAreTheSameBitsWithAnyNumberOfThreads) {
  const BatchNormalizationShape shape{
      .input = {.batch = 9, .height = 13, .width = 11, .channels = 40}};
  const TypedArray input(DataType::kF32,
                         RandomValues(shape.input.size(), DataType::kF32, 1));
  const int threads = Threads();
  std::vector<double> first;
  for (const int count : {1, 2, 3}) {
    SetThreads(count);
    std::vector<double> sums(2 * shape.input.channels);
    BatchNormalizationSums(shape, DataType::kF32, input.data(), sums);
    if (first.empty()) first = sums;
    EXPECT_EQ(sums, first) << count << " threads";
  }
  SetThreads(threads);
}

}  // namespace
}  // namespace tritlab
