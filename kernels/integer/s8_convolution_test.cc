#include "kernels/integer/s8_convolution.h"

#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"
#include "kernels/integer/reference/s8_convolution.h"
#include "kernels/onednn_info.h"

namespace tritlab {
namespace {

template <typename Byte>
std::vector<Byte> RandomBytes(int64_t count, uint64_t seed) {
  std::vector<Byte> bytes(count);
  const RandomStream stream(seed);
  for (int64_t i = 0; i < count; ++i)
    bytes[i] = static_cast<Byte>(stream.Bits(i));
  return bytes;
}

std::vector<float> RandomFloats(int64_t count, float low, float high,
                                uint64_t seed) {
  std::vector<float> values(count);
  RandomStream(seed).FillUniform(low, high, values);
  return values;
}

// One case, bit for bit; outputs must neither all saturate nor all be equal.
// Output: what an output is stored as.
template <typename Output>
void Check(const ConvolutionShape& shape,
           const S8Convolution::Options& options) {
  const auto input = RandomBytes<uint8_t>(shape.input.size(), 1);
  auto weights = RandomBytes<int8_t>(shape.weight_count(), 2);
  if (options.packed) {
    // As of a ternary layer, its two magnitudes far apart.
    for (int8_t& weight : weights)
      weight = weight < -40 ? -128 : weight > 40 ? 97 : 0;
  }
  // About 60 output steps of spread, whatever the window's size.
  const float spread =
      60 / (7000 * std::sqrt(static_cast<float>(shape.weight_count()) /
                             static_cast<float>(shape.out_channels)));
  const auto scales =
      RandomFloats(shape.out_channels, 0.5f * spread, 1.5f * spread, 3);
  const auto biases = RandomFloats(shape.out_channels, -20, 60, 4);
  const auto residual = RandomBytes<Output>(shape.output().size(), 5);
  auto expected = residual;
  reference::S8Convolution(shape, options, input.data(), weights, scales,
                           biases, expected.data());
  EXPECT_GT(std::set<Output>(expected.begin(), expected.end()).size(),
            options.packed ? 10u : 30u)
      << "too little is compared";
  using Implementation = S8Convolution::Implementation;
  for (const Implementation implementation :
       {Implementation::kFastest, Implementation::kOneDnn,
        Implementation::kVnni, Implementation::kWidened}) {
    if (implementation == Implementation::kOneDnn && !HasExactByteProducts())
      continue;
    const auto convolution = S8Convolution::Create(
        shape, options, weights, scales, biases, implementation);
    if (convolution.status().code() == absl::StatusCode::kUnimplemented)
      continue;
    ASSERT_TRUE(convolution.ok()) << convolution.status();
    auto output = residual;
    if (options.packed && implementation != Implementation::kFastest &&
        implementation != Implementation::kVnni) {
      // Two bits each, the padding of small layers and what oneDNN adds.
      EXPECT_LT((*convolution)->weight_bytes(),
                shape.weight_count() / 4 + 8 * 1024);
    }
    (*convolution)->Run(input.data(), output.data());
    int different = 0;
    for (size_t i = 0; i < output.size(); ++i)
      different += output[i] != expected[i];
    EXPECT_EQ(different, 0)
        << "of " << output.size() << ", " << ToString(shape.input) << " by "
        << (*convolution)->Implementations() << ", relu " << options.relu
        << ", residual " << options.residual_scale;
  }
}

TEST(S8ConvolutionTest, EqualsTheReferenceToTheLastBit) {
  const std::vector<ConvolutionShape> shapes = {
      {.input = {2, 8, 8, 3},
       .out_channels = 16,
       .kernel_height = 3,
       .kernel_width = 3,
       .padding = 1},
      {.input = {1, 9, 7, 16},
       .out_channels = 16,
       .kernel_height = 3,
       .kernel_width = 3,
       .padding = 1},
      {.input = {2, 8, 8, 16},
       .out_channels = 32,
       .kernel_height = 3,
       .kernel_width = 3,
       .stride = 2,
       .padding = 1},
      {.input = {3, 5, 5, 64},
       .out_channels = 64,
       .kernel_height = 3,
       .kernel_width = 3,
       .padding = 1},
      {.input = {2, 6, 6, 20}, .out_channels = 10},
      // More than one block of pixels, the last one cut off; three vectors of
      // channels, the last one cut off.
      {.input = {1, 3, 37, 18},
       .out_channels = 40,
       .kernel_height = 3,
       .kernel_width = 3,
       .padding = 1},
      {.input = {1, 6, 21, 33},
       .out_channels = 17,
       .kernel_height = 3,
       .kernel_width = 3,
       .stride = 2},
      {.input = {1, 5, 10, 16}, .out_channels = 48, .stride = 2},
      {.input = {1, 12, 12, 5},
       .out_channels = 7,
       .kernel_height = 5,
       .kernel_width = 5,
       .stride = 2,
       .padding = 2},
      {.input = {2, 6, 6, 32},
       .out_channels = 32,
       .kernel_height = 3,
       .kernel_width = 3,
       .padding = 1,
       .groups = 2}};
  for (const ConvolutionShape& shape : shapes) {
    for (const float residual_scale : {0.0f, 1.0f, 0.73f}) {
      for (const ByteType input : {ByteType::kU8, ByteType::kS8}) {
        for (const bool packed : {false, true}) {
          Check<uint8_t>(shape, {.input = input,
                                 .output = ByteType::kU8,
                                 .relu = true,
                                 .residual_scale = residual_scale,
                                 .residual = ByteType::kU8,
                                 .packed = packed});
          Check<int8_t>(shape, {.input = input,
                                .output = ByteType::kS8,
                                .residual_scale = residual_scale,
                                .residual = input,
                                .packed = packed});
          Check<float>(shape, {.input = input,
                               .residual_scale = residual_scale,
                               .values = true,
                               .packed = packed});
        }
      }
    }
  }
}

TEST(S8ConvolutionTest, SumsThatMightOverflowAreRefused) {
  const ConvolutionShape shape = {.input = {1, 1, 1, 70000}, .out_channels = 1};
  const auto created =
      S8Convolution::Create(shape, {}, std::vector<int8_t>(70000, 127),
                            std::vector<float>(1), std::vector<float>(1));
  EXPECT_NE(created.status().message().find("overflow sums of 32 bits"),
            absl::string_view::npos);
}

TEST(S8ConvolutionTest, LengthsThatDoNotFitAreNamed) {
  const ConvolutionShape shape = {.input = {1, 4, 4, 2}, .out_channels = 3};
  const auto created =
      S8Convolution::Create(shape, {}, std::vector<int8_t>(6),
                            std::vector<float>(3), std::vector<float>(2));
  EXPECT_NE(created.status().message().find("2 biases"),
            absl::string_view::npos);
}

}  // namespace
}  // namespace tritlab
