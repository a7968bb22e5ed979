#include "kernels/pooling.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kernels/kernel_testing.h"
#include "kernels/reference/pooling.h"
#include "kernels/tensor.h"

namespace tritlab {
namespace {

using ::testing::Combine;
using ::testing::Values;
using ::testing::ValuesIn;
using Kind = PoolingShape::Kind;

std::string NameOf(const PoolingShape& shape, DataType type) {
  return absl::StrCat(shape.kind == Kind::kMax ? "max_" : "average_",
                      ToString(shape.input), "_window", shape.window_height,
                      "x", shape.window_width, "_stride", shape.stride,
                      "_padding", shape.padding,
                      shape.ceil_mode ? "_ceil_" : "_", Name(type));
}

std::unique_ptr<Pooling> Create(const PoolingShape& shape, DataType type,
                                bool training) {
  auto created = Pooling::Create(shape, type, training);
  EXPECT_TRUE(created.ok()) << created.status();
  return created.ok() ? *std::move(created) : nullptr;
}

class PoolingSweep
    : public testing::TestWithParam<std::tuple<PoolingShape, DataType>> {};

void CheckAgainstReference(const PoolingShape& shape, DataType type,
                           const std::vector<float>& values) {
  const std::unique_ptr<Pooling> pooling = Create(shape, type, true);
  ASSERT_NE(pooling, nullptr);
  SCOPED_TRACE(pooling->Implementations());
  const TypedArray input(type, values);
  TypedArray output(type, shape.output().size());
  pooling->Forward(input.data(), output.data());
  std::vector<float> expected(shape.output().size());
  reference::PoolingForward<float>(shape, values, expected);
  ExpectClose(output.Floats(), expected, type, "output");

  const std::vector<float> gradient = RandomValues(expected.size(), type, 2);
  const TypedArray grad_output(type, gradient);
  TypedArray grad_input(type, shape.input.size());
  pooling->Backward(grad_output.data(), grad_input.data());
  expected.resize(values.size());
  reference::PoolingBackward<float>(shape, values, gradient, expected);
  const int64_t windows_at_a_pixel =
      ((shape.window_height - 1) / shape.stride + 1) *
      ((shape.window_width - 1) / shape.stride + 1);
  const int64_t windows = shape.output().height * shape.output().width;
  ExpectClose(grad_input.Floats(), expected, type, "grad_input",
              static_cast<int>(std::min(windows_at_a_pixel, windows)));

  const std::unique_ptr<Pooling> inference = Create(shape, type, false);
  ASSERT_NE(inference, nullptr);
  TypedArray inferred(type, shape.output().size());
  inference->Forward(input.data(), inferred.data());
  EXPECT_EQ(inferred.Bytes(), output.Bytes());
}

TEST_P(PoolingSweep, AllPassesAgreeWithTheReference) {
  const auto& [shape, type] = GetParam();
  CheckAgainstReference(shape, type, RandomValues(shape.input.size(), type, 1));
}

// Few distinct values, so that nearly every window has ties: the gradient goes
// to the first of the largest alone.
TEST_P(PoolingSweep, TiesGoToTheFirst) {
  const auto& [shape, type] = GetParam();
  std::vector<float> values = RandomValues(shape.input.size(), type, 3);
  for (float& value : values) value = value > 0 ? 1.0f : -1.0f;
  CheckAgainstReference(shape, type, values);
}

std::vector<PoolingShape> SweptShapes() {
  std::vector<PoolingShape> shapes;
  for (Kind kind : {Kind::kMax, Kind::kAverage}) {
    for (int64_t channels : {1, 3, 16, 17, 64}) {
      const Shape odd = {2, 9, 7, channels};
      shapes.push_back({kind, odd, 2, 2, 2, 0});
      shapes.push_back({kind, odd, 3, 3, 2, 1});  // ResNet's
      shapes.push_back({kind, odd, 3, 3, 2, 0});  // AlexNet's, overlapping
      shapes.push_back({kind, odd, 3, 3, 1, 1});  // GoogLeNet's
      shapes.push_back({kind, odd, 1, 1, 2, 0});  // a ResNet shortcut's
      shapes.push_back({kind, odd, 2, 3, 1, 0});  // not square
      shapes.push_back({kind, {5, 8, 8, channels}, 8, 8, 1, 0});  // global
      // Windows over the edge (GoogLeNet's), in one axis, and nowhere.
      const Shape even = {2, 8, 10, channels};
      shapes.push_back({kind, even, 3, 3, 2, 0, /*ceil_mode=*/true});
      shapes.push_back({kind, {2, 7, 10, channels}, 3, 3, 2, 0, true});
      shapes.push_back({kind, even, 2, 2, 2, 0, true});
      shapes.push_back({kind, even, 3, 3, 2, 1, true});
      shapes.push_back({kind, {2, 2, 2, channels}, 3, 3, 2, 0, true});
    }
  }
  return shapes;
}

INSTANTIATE_TEST_SUITE_P(Shapes, PoolingSweep,
                         Combine(ValuesIn(SweptShapes()),
                                 Values(DataType::kF32, DataType::kBF16)),
                         [](const auto& info) {
                           return NameOf(std::get<0>(info.param),
                                         std::get<1>(info.param));
                         });

// The reference's backward pass is the derivative of its forward pass.
TEST(Pooling, GradientsAreThoseOfFiniteDifferences) {
  for (Kind kind : {Kind::kMax, Kind::kAverage}) {
    const PoolingShape shape = {kind, {2, 5, 6, 3}, 3, 3, 2, 1};
    std::vector<double> input =
        Doubles(RandomValues(shape.input.size(), DataType::kF32, 1));
    const std::vector<double> grad_output =
        Doubles(RandomValues(shape.output().size(), DataType::kF32, 2));
    std::vector<double> output(grad_output.size()), grad_input(input.size());
    reference::PoolingBackward<double>(shape, input, grad_output, grad_input);
    ExpectGradient(
        input, grad_input,
        [&] {
          reference::PoolingForward<double>(shape, input, output);
          return DotProduct(output, grad_output);
        },
        "input");
  }
}

// Caffe's rounding, with the sizes of GoogLeNet's poolings; a window that would
// begin behind the image is left out.
TEST(PoolingShape, CeilModeRoundsUp) {
  const auto side = [](int64_t extent, int64_t window, int64_t stride,
                       int64_t padding) {
    return PoolingShape{
        Kind::kMax, {1, extent, extent, 1}, window, window, stride, padding,
        true}
        .output()
        .height;
  };
  EXPECT_EQ(side(112, 3, 2, 0), 56);
  EXPECT_EQ(side(56, 3, 2, 0), 28);
  EXPECT_EQ(side(14, 3, 2, 0), 7);
  EXPECT_EQ(side(55, 3, 2, 0), 27);
  EXPECT_EQ(side(3, 2, 3, 0), 1);
  EXPECT_EQ(side(4, 2, 3, 0), 2);
  EXPECT_EQ(side(5, 3, 3, 1), 2);
  EXPECT_EQ(side(6, 2, 2, 1), 4);
  EXPECT_EQ(side(2, 3, 2, 0), 1);
}

TEST(PoolingShape, ValidateNamesTheFieldAtFault) {
  const PoolingShape good = {Kind::kMax, {1, 4, 4, 3}, 2, 2, 2, 1};
  EXPECT_TRUE(good.Validate().ok());
  const auto fault = [&](auto change) {
    PoolingShape shape = good;
    change(shape);
    const absl::Status status =
        Pooling::Create(shape, DataType::kF32, true).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_NE(fault([](auto& s) { s.input.height = 0; }).find("input.height"),
            std::string::npos);
  EXPECT_NE(fault([](auto& s) { s.window_width = 0; }).find("window_width"),
            std::string::npos);
  EXPECT_NE(fault([](auto& s) { s.stride = 0; }).find("stride"),
            std::string::npos);
  EXPECT_NE(fault([](auto& s) { s.padding = 2; }).find("padding = 2"),
            std::string::npos);
  EXPECT_NE(fault([](auto& s) { s.window_height = 7; }).find("height 7"),
            std::string::npos);
  // Not a single position even over the edge.
  const auto nowhere = [](auto& s) {
    s.ceil_mode = true;
    s.window_height = 9;
  };
  EXPECT_NE(fault(nowhere).find("output.height"), std::string::npos);
}

}  // namespace
}  // namespace tritlab
