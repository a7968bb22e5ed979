#include "kernels/local_response_normalization.h"

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kernels/kernel_testing.h"
#include "kernels/reference/local_response_normalization.h"
#include "kernels/tensor.h"

namespace tritlab {
namespace {

using ::testing::Combine;
using ::testing::Values;
using ::testing::ValuesIn;

class LocalResponseNormalizationSweep
    : public testing::TestWithParam<
          std::tuple<LocalResponseNormalizationShape, DataType>> {};

TEST_P(LocalResponseNormalizationSweep, AllPassesAgreeWithTheReference) {
  const auto& [shape, type] = GetParam();
  const auto created =
      LocalResponseNormalization::Create(shape, type, /*training=*/true);
  ASSERT_TRUE(created.ok()) << created.status();
  SCOPED_TRACE((*created)->Implementations());
  const std::vector<float> values = RandomValues(shape.input.size(), type, 1);
  const TypedArray input(type, values);
  TypedArray output(type, shape.input.size());
  (*created)->Forward(input.data(), output.data());
  std::vector<float> expected(values.size());
  reference::LocalResponseNormalizationForward<float>(shape, values, expected);
  ExpectClose(output.Floats(), expected, type, "output");

  const std::vector<float> gradient = RandomValues(shape.input.size(), type, 2);
  const TypedArray grad_output(type, gradient);
  TypedArray grad_input(type, shape.input.size());
  (*created)->Backward(input.data(), grad_output.data(), grad_input.data());
  reference::LocalResponseNormalizationBackward<float>(shape, values, gradient,
                                                       expected);
  ExpectClose(grad_input.Floats(), expected, type, "grad_input");

  const auto inference =
      LocalResponseNormalization::Create(shape, type, /*training=*/false);
  ASSERT_TRUE(inference.ok()) << inference.status();
  TypedArray inferred(type, shape.input.size());
  (*inference)->Forward(input.data(), inferred.data());
  ExpectClose(inferred.Floats(), output.Floats(), type, "in inference");
}

std::vector<LocalResponseNormalizationShape> SweptShapes() {
  std::vector<LocalResponseNormalizationShape> shapes;
  // Fewer channels than neighbours; at, below and above the vector width; the
  // widths of AlexNet and GoogLeNet.
  for (const int64_t channels : {1, 3, 5, 8, 15, 16, 17, 33, 64, 96, 192}) {
    shapes.push_back({.input = {2, 3, 5, channels}});
    // Constants that change values by more than rounding does.
    shapes.push_back({.input = {2, 3, 5, channels}, .alpha = 2});
    shapes.push_back(
        {.input = {1, 4, 3, channels}, .size = 3, .alpha = 1, .k = 2});
    shapes.push_back({.input = {1, 1, 7, channels}, .alpha = 1, .beta = 0.5f});
  }
  return shapes;
}

std::string NameOf(const LocalResponseNormalizationShape& shape,
                   DataType type) {
  return absl::StrCat(ToString(shape.input), "_size", shape.size, "_alpha",
                      static_cast<int>(shape.alpha), "_", Name(type));
}

INSTANTIATE_TEST_SUITE_P(Shapes, LocalResponseNormalizationSweep,
                         Combine(ValuesIn(SweptShapes()),
                                 Values(DataType::kF32, DataType::kBF16)),
                         [](const auto& info) {
                           return NameOf(std::get<0>(info.param),
                                         std::get<1>(info.param));
                         });

// The reference's backward pass is the derivative of its forward pass.
TEST(LocalResponseNormalization, GradientsAreThoseOfFiniteDifferences) {
  const LocalResponseNormalizationShape shape = {.input = {2, 2, 3, 7},
                                                 .alpha = 1};
  std::vector<double> input =
      Doubles(RandomValues(shape.input.size(), DataType::kF32, 1));
  const std::vector<double> grad_output =
      Doubles(RandomValues(shape.input.size(), DataType::kF32, 2));
  std::vector<double> output(input.size()), grad_input(input.size());
  reference::LocalResponseNormalizationBackward<double>(
      shape, input, grad_output, grad_input);
  ExpectGradient(
      input, grad_input,
      [&] {
        reference::LocalResponseNormalizationForward<double>(shape, input,
                                                             output);
        return DotProduct(output, grad_output);
      },
      "input");
}

TEST(LocalResponseNormalizationShape, ValidateNamesTheFieldAtFault) {
  const LocalResponseNormalizationShape good = {.input = {1, 2, 2, 8}};
  EXPECT_TRUE(good.Validate().ok());
  const auto fault = [&](auto change) {
    LocalResponseNormalizationShape shape = good;
    change(shape);
    const absl::Status status =
        LocalResponseNormalization::Create(shape, DataType::kF32, true)
            .status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_NE(fault([](auto& s) { s.input.width = 0; }).find("input.width"),
            std::string::npos);
  EXPECT_NE(fault([](auto& s) { s.size = 4; }).find("size is 4"),
            std::string::npos);
  EXPECT_NE(fault([](auto& s) { s.size = -1; }).find("size is -1"),
            std::string::npos);
  EXPECT_NE(fault([](auto& s) { s.alpha = -1; }).find("alpha"),
            std::string::npos);
  EXPECT_NE(fault([](auto& s) { s.beta = NAN; }).find("beta"),
            std::string::npos);
  EXPECT_NE(fault([](auto& s) { s.k = 0; }).find("k is 0"), std::string::npos);
}

}  // namespace
}  // namespace tritlab
