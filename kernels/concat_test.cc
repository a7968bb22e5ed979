#include "kernels/concat.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/kernel_testing.h"
#include "kernels/tensor.h"

namespace tritlab {
namespace {

class Concat : public testing::TestWithParam<DataType> {};

struct Case {
  int64_t pixels;
  std::vector<int64_t> channels;
};

// One input, odd widths, GoogLeNet's (3a), and enough pixels for threads.
const std::vector<Case>& Cases() {
  static const auto& cases = *new std::vector<Case>{{5, {3}},
                                                    {7, {1, 2}},
                                                    {9, {5, 17, 1, 3, 2}},
                                                    {49, {64, 128, 32, 32}},
                                                    {5000, {16, 7, 9}}};
  return cases;
}

// Index by index, as the header defines it.
TEST_P(Concat, ForwardAndBackwardAgreeWithTheirDefinition) {
  for (const Case& c : Cases()) {
    int64_t all = 0;
    for (const int64_t channels : c.channels) all += channels;
    std::vector<TypedArray> inputs, grad_inputs;
    std::vector<const void*> input_pointers;
    std::vector<void*> grad_pointers;
    std::vector<float> expected(c.pixels * all);
    const std::vector<float> gradient =
        RandomValues(c.pixels * all, GetParam(), 1);
    std::vector<std::vector<float>> expected_gradients;
    int64_t before = 0;
    for (const int64_t channels : c.channels) {
      const std::vector<float> values =
          RandomValues(c.pixels * channels, GetParam(), 2 + before);
      std::vector<float> part(values.size());
      for (int64_t p = 0; p < c.pixels; ++p) {
        for (int64_t k = 0; k < channels; ++k) {
          expected[p * all + before + k] = values[p * channels + k];
          part[p * channels + k] = gradient[p * all + before + k];
        }
      }
      inputs.emplace_back(GetParam(), values);
      grad_inputs.emplace_back(GetParam(), static_cast<int64_t>(values.size()));
      expected_gradients.push_back(part);
      before += channels;
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      input_pointers.push_back(inputs[i].data());
      grad_pointers.push_back(grad_inputs[i].data());
    }
    TypedArray output(GetParam(), c.pixels * all);
    ConcatForward(GetParam(), c.pixels, c.channels, input_pointers,
                  output.data());
    EXPECT_EQ(output.Floats(), expected);

    const TypedArray grad_output(GetParam(), gradient);
    ConcatBackward(GetParam(), c.pixels, c.channels, grad_output.data(),
                   grad_pointers);
    for (size_t i = 0; i < inputs.size(); ++i)
      EXPECT_EQ(grad_inputs[i].Floats(), expected_gradients[i]);
  }
}

// The images themselves have no gradient.
TEST_P(Concat, GradientsThatNobodyWantsAreNotWritten) {
  const std::vector<float> gradient = RandomValues(6 * 5, GetParam(), 3);
  const TypedArray grad_output(GetParam(), gradient);
  TypedArray wanted(GetParam(), 6 * 3);
  ConcatBackward(GetParam(), 6, std::vector<int64_t>{2, 3}, grad_output.data(),
                 std::vector<void*>{nullptr, wanted.data()});
  const std::vector<float> values = wanted.Floats();
  for (int64_t p = 0; p < 6; ++p) {
    for (int64_t k = 0; k < 3; ++k)
      EXPECT_EQ(values[p * 3 + k], gradient[p * 5 + 2 + k]);
  }
}

INSTANTIATE_TEST_SUITE_P(Types, Concat,
                         testing::Values(DataType::kF32, DataType::kBF16),
                         [](const auto& info) { return Name(info.param); });

}  // namespace
}  // namespace tritlab
