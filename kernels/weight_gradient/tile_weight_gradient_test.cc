#include "kernels/weight_gradient/tile_weight_gradient.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/bfloat16.h"
#include "kernels/convolution_shapes_testing.h"
#include "kernels/kernel_testing.h"
#include "kernels/reference/convolution.h"
#include "kernels/tensor.h"
#include "kernels/threads.h"
#include "kernels/weight_gradient/bfloat16_weight_gradient.h"

namespace tritlab {
namespace {

using ::testing::ValuesIn;

class TileWeightGradient : public testing::TestWithParam<ConvolutionShape> {};

// With emulated tiles: the rest of what runs on a processor with AMX, on any
// processor with AVX-512.
TEST_P(TileWeightGradient, AgreesWithTheReference) {
#if !defined(__x86_64__)
  GTEST_SKIP() << "for x86-64 alone";
#else
  if (!__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512vl"))
    GTEST_SKIP() << "the input is rewritten by AVX-512";
#endif
  // So few that the sums of all of them are not too large for any shape.
  const ScopedThreads threads(4);
  const ConvolutionShape& shape = GetParam();
  const auto gradient = CreateTileWeightGradient(shape);
  const bool covered =
      shape.groups == 1 && shape.stride <= 2 &&
      shape.padding < std::min(shape.kernel_height, shape.kernel_width);
  ASSERT_EQ(gradient != nullptr, covered);
  if (!covered) return;

  const std::vector<float> input =
      RandomValues(shape.input.size(), DataType::kBF16, 1);
  const std::vector<float> grad_output =
      RandomValues(shape.output().size(), DataType::kBF16, 2);
  const TypedArray bf16_input(DataType::kBF16, input);
  const TypedArray bf16_grad_output(DataType::kBF16, grad_output);
  std::vector<float> grad_weights(shape.weight_count(), NAN);
  const auto run = [&] {
    gradient->Run(static_cast<const BFloat16*>(bf16_input.data()),
                  static_cast<const BFloat16*>(bf16_grad_output.data()),
                  grad_weights);
  };
  run();
  std::vector<float> expected(grad_weights.size());
  std::vector<float> expected_bias(shape.bias ? shape.out_channels : 0);
  reference::ConvolutionBackwardWeights<float>(shape, input, grad_output,
                                               expected, expected_bias);
  ExpectClose(grad_weights, expected, DataType::kF32, gradient->Name());
  // What it leaves in memory does not matter to the next.
  const std::vector<float> first = grad_weights;
  run();
  EXPECT_EQ(grad_weights, first);
}

INSTANTIATE_TEST_SUITE_P(Shapes, TileWeightGradient,
                         ValuesIn(SweptConvolutionShapes()),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace tritlab
