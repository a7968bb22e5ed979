// The integer linear layers against plain loops: every instruction set of this
// processor, shapes that fill no block, and the values at which sums of bytes
// could saturate.

#include "kernels/integer/reference/integer_linear.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/integer/power_of_two_linear.h"
#include "kernels/integer/s8_linear.h"
#include "kernels/integer/ternary_linear.h"
#include "kernels/integer/widened_product.h"

namespace tritlab {
namespace {

template <typename Weight>
std::vector<int32_t> Reference(const IntegerLinearShape& shape, int64_t batch,
                               const std::vector<uint8_t>& input,
                               const std::vector<Weight>& weights) {
  std::vector<int32_t> sums(batch * shape.outputs);
  reference::IntegerLinear(shape, batch, input.data(), weights, sums.data());
  return sums;
}

struct Case {
  IntegerLinearShape shape;
  int64_t batch;
};

const std::vector<Case>& Cases() {
  static const auto& cases = *new std::vector<Case>{
      {{1, 1}, 1},    {{3, 2}, 3},    {{63, 5}, 1},    {{64, 4}, 2},
      {{65, 7}, 1},   {{127, 8}, 2},  {{128, 3}, 1},   {{129, 9}, 4},
      {{255, 4}, 1},  {{256, 4}, 5},  {{257, 6}, 1},   {{511, 1}, 2},
      {{576, 16}, 8}, {{300, 6}, 15}, {{1000, 10}, 1}, {{4096, 33}, 3},
      {{9216, 5}, 1}};
  return cases;
}

// Activations and weights at random, and at their extremes.
std::vector<std::vector<uint8_t>> Inputs(int64_t count) {
  std::vector<uint8_t> random(count), ends(count);
  const RandomStream stream(7);
  for (int64_t i = 0; i < count; ++i) {
    random[i] = static_cast<uint8_t>(stream.Bits(i));
    ends[i] = stream.Bits(i) % 2 == 0 ? 0 : 255;
  }
  return {random, ends, std::vector<uint8_t>(count, 0),
          std::vector<uint8_t>(count, 255), std::vector<uint8_t>(count, 128)};
}

template <typename Weight>
std::vector<std::vector<Weight>> Weights(int64_t count,
                                         const std::vector<Weight>& allowed) {
  std::vector<Weight> random(count);
  const RandomStream stream(9);
  for (int64_t i = 0; i < count; ++i)
    random[i] = allowed[stream.Below(i, static_cast<int64_t>(allowed.size()))];
  return {random, std::vector<Weight>(count, allowed.front()),
          std::vector<Weight>(count, allowed.back())};
}

std::string Describe(const Case& at, IntegerInstructions instructions) {
  return std::string(Name(instructions)) + " " +
         std::to_string(at.shape.inputs) + " -> " +
         std::to_string(at.shape.outputs) + ", batch " +
         std::to_string(at.batch);
}

TEST(IntegerLinearTest, TernaryEqualsTheReference) {
  for (const IntegerInstructions instructions :
       SupportedIntegerInstructions()) {
    for (const Case& at : Cases()) {
      const std::string what = Describe(at, instructions);
      const int64_t count = at.shape.inputs * at.shape.outputs;
      for (const auto& weights : Weights<int8_t>(count, {-1, 0, 1})) {
        auto linear = *TernaryLinear::Create(at.shape, weights, instructions);
        std::vector<int8_t> ones(count), minus_ones(count);
        for (int64_t i = 0; i < count; ++i) {
          ones[i] = weights[i] > 0;
          minus_ones[i] = weights[i] < 0;
        }
        for (const auto& input : Inputs(at.batch * at.shape.inputs)) {
          std::vector<int32_t> sums(at.batch * at.shape.outputs, -1),
              positive = sums, negative = sums;
          linear->Multiply(at.batch, input.data(), sums.data());
          ASSERT_EQ(sums, Reference(at.shape, at.batch, input, weights))
              << what;
          linear->MultiplySides(at.batch, input.data(), positive.data(),
                                negative.data());
          ASSERT_EQ(positive, Reference(at.shape, at.batch, input, ones))
              << what;
          ASSERT_EQ(negative, Reference(at.shape, at.batch, input, minus_ones))
              << what;
        }
      }
    }
  }
}

// With exponents up to 2, zeros are a nibble's; above, they have their own bit.
TEST(IntegerLinearTest, PowersOfTwoEqualTheReference) {
  const std::vector<std::vector<int16_t>> allowed = {
      {-1, 0, 1},
      {-4, -2, -1, 0, 1, 2, 4},
      {-128, -64, -32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32, 64, 128}};
  for (const IntegerInstructions instructions :
       SupportedIntegerInstructions()) {
    for (const Case& at : Cases()) {
      for (const auto& values : allowed) {
        for (const auto& weights :
             Weights<int16_t>(at.shape.inputs * at.shape.outputs, values)) {
          auto linear =
              *PowerOfTwoLinear::Create(at.shape, weights, instructions);
          for (const auto& input : Inputs(at.batch * at.shape.inputs)) {
            std::vector<int32_t> sums(at.batch * at.shape.outputs, -1);
            linear->Multiply(at.batch, input.data(), sums.data());
            ASSERT_EQ(sums, Reference(at.shape, at.batch, input, weights))
                << Describe(at, instructions);
          }
        }
      }
    }
  }
}

TEST(IntegerLinearTest, SignedBytesEqualTheReference) {
  for (const Case& at : Cases()) {
    for (const auto& weights : Weights<int8_t>(
             at.shape.inputs * at.shape.outputs, {-128, -3, 0, 77, 127})) {
      auto linear = *S8Linear::Create(at.batch, at.shape, weights);
      for (const auto& input : Inputs(at.batch * at.shape.inputs)) {
        std::vector<int32_t> sums(at.batch * at.shape.outputs, -1);
        linear->Multiply(input.data(), sums.data());
        ASSERT_EQ(sums, Reference(at.shape, at.batch, input, weights))
            << at.shape.inputs;
      }
    }
  }
}

TEST(IntegerLinearTest, WidenedBytesEqualTheReference) {
  for (const IntegerInstructions instructions :
       SupportedIntegerInstructions()) {
    for (const Case& at : Cases()) {
      for (const auto& weights : Weights<int8_t>(
               at.shape.inputs * at.shape.outputs, {-128, -3, 0, 77, 127})) {
        for (const bool packed : {false, true}) {
          const WidenedProduct product(at.shape.inputs, at.shape.outputs,
                                       weights, packed);
          for (const auto& input : Inputs(at.batch * at.shape.inputs)) {
            // What lies behind the inputs must not count.
            const int64_t inputs = at.shape.inputs, outputs = at.shape.outputs;
            std::vector<int16_t> rows(at.batch * product.padded_inputs(), 999);
            for (int64_t m = 0; m < at.batch; ++m) {
              std::copy_n(input.begin() + m * inputs, inputs,
                          rows.begin() + m * product.padded_inputs());
            }
            std::vector<int32_t> padded(at.batch * product.padded_outputs());
            product.Multiply(product.Matrix(), at.batch, rows.data(), 0,
                             product.blocks(), padded.data(), instructions);
            std::vector<int32_t> sums;
            for (int64_t m = 0; m < at.batch; ++m) {
              const auto first = padded.begin() + m * product.padded_outputs();
              sums.insert(sums.end(), first, first + outputs);
            }
            ASSERT_EQ(sums, Reference(at.shape, at.batch, input, weights))
                << Describe(at, instructions) << ", packed " << packed;
          }
        }
      }
    }
  }
}

TEST(IntegerLinearTest, WeightsTakeTheBitsThatTheyShould) {
  const IntegerLinearShape shape = {4096, 1024};
  const double count = 4096.0 * 1024;
  auto ternary =
      *TernaryLinear::Create(shape, std::vector<int8_t>(4096 * 1024, 1));
  EXPECT_NEAR(8 * ternary->weight_bytes() / count, 2, 0.02);
  auto narrow =
      *PowerOfTwoLinear::Create(shape, std::vector<int16_t>(4096 * 1024, 4));
  EXPECT_EQ(8 * narrow->weight_bytes() / count, 4);
  auto wide =
      *PowerOfTwoLinear::Create(shape, std::vector<int16_t>(4096 * 1024, -128));
  EXPECT_EQ(8 * wide->weight_bytes() / count, 5);
}

TEST(IntegerLinearTest, ImpossibleWeightsAndShapesAreNamed) {
  const auto message = [](const auto& created) {
    return std::string(created.status().message());
  };
  EXPECT_THAT(message(TernaryLinear::Create({2, 1}, std::vector<int8_t>{0, 2})),
              testing::HasSubstr("weight 1 is 2"));
  EXPECT_THAT(
      message(PowerOfTwoLinear::Create({2, 1}, std::vector<int16_t>{3, 0})),
      testing::HasSubstr("weight 0 is 3"));
  EXPECT_THAT(
      message(PowerOfTwoLinear::Create({1, 1}, std::vector<int16_t>{256})),
      testing::HasSubstr("weight 0 is 256"));
  EXPECT_THAT(message(TernaryLinear::Create({2, 2}, std::vector<int8_t>{0})),
              testing::HasSubstr("1 weights"));
  EXPECT_THAT(message(TernaryLinear::Create({0, 1}, std::vector<int8_t>{})),
              testing::HasSubstr("inputs"));
  EXPECT_THAT(message(TernaryLinear::Create({int64_t{1} << 30, 1}, {})),
              testing::HasSubstr("overflow"));
}

// As wide as VGG-16's first linear layer on images of 384x384.
constexpr Case kWide = {{12 * 12 * 512, 5}, 4};

// Weights of kWide that are `largest` in magnitude, as many of them, of one
// sign, as sums of 32 bits allow; the others are 0.
template <typename Weight>
std::vector<Weight> LargestSums(Weight largest) {
  std::vector<Weight> weights(kWide.shape.inputs * kWide.shape.outputs);
  const int64_t count = std::min<int64_t>(
      kWide.shape.inputs, INT32_MAX / 255 / std::abs(int{largest}));
  for (int64_t o = 0; o < kWide.shape.outputs; ++o)
    std::fill_n(weights.begin() + o * kWide.shape.inputs, count, largest);
  return weights;
}

// Protects: sums of the largest inputs and weights, of one sign, in wide
// layers.
TEST(IntegerLinearTest, WideTernaryLayersDoNotOverflow) {
  const Case& at = kWide;
  for (const IntegerInstructions instructions :
       SupportedIntegerInstructions()) {
    for (const int8_t weight : {-1, 1}) {
      const std::vector<int8_t> weights(at.shape.inputs * at.shape.outputs,
                                        weight);
      auto linear = *TernaryLinear::Create(at.shape, weights, instructions);
      for (const auto& input : Inputs(at.batch * at.shape.inputs)) {
        std::vector<int32_t> sums(at.batch * at.shape.outputs);
        linear->Multiply(at.batch, input.data(), sums.data());
        ASSERT_EQ(sums, Reference(at.shape, at.batch, input, weights))
            << Describe(at, instructions);
      }
    }
  }
}

// Protects: layers are refused by the sums that their weights can give, not by
// those of the largest weight there is; up to the last sum that fits.
TEST(IntegerLinearTest, WideLayersWhoseSumsFitAreNotRefused) {
  const int64_t batch = kWide.batch;
  for (const int16_t largest : {1, -4, -128}) {
    std::vector<int16_t> weights = LargestSums<int16_t>(largest);
    for (const IntegerInstructions instructions :
         SupportedIntegerInstructions()) {
      auto linear =
          PowerOfTwoLinear::Create(kWide.shape, weights, instructions);
      ASSERT_TRUE(linear.ok()) << linear.status();
      for (const auto& input : Inputs(batch * kWide.shape.inputs)) {
        std::vector<int32_t> sums(batch * kWide.shape.outputs);
        (*linear)->Multiply(batch, input.data(), sums.data());
        ASSERT_EQ(sums, Reference(kWide.shape, batch, input, weights))
            << Describe(kWide, instructions) << ", " << largest;
      }
    }
  }
  for (const int8_t largest : {1, -128}) {
    const std::vector<int8_t> weights = LargestSums<int8_t>(largest);
    auto linear = S8Linear::Create(batch, kWide.shape, weights);
    ASSERT_TRUE(linear.ok()) << linear.status();
    for (const auto& input : Inputs(batch * kWide.shape.inputs)) {
      std::vector<int32_t> sums(batch * kWide.shape.outputs);
      (*linear)->Multiply(input.data(), sums.data());
      ASSERT_EQ(sums, Reference(kWide.shape, batch, input, weights))
          << int{largest};
    }
  }
}

TEST(IntegerLinearTest, SumsThatMightOverflowAreRefused) {
  std::vector<int16_t> weights = LargestSums<int16_t>(-128);
  weights.back() = -128;
  EXPECT_THAT(PowerOfTwoLinear::Create(kWide.shape, weights).status().message(),
              testing::HasSubstr("overflow sums of 32 bits"));
  const std::vector<int8_t> bytes(weights.begin(), weights.end());
  EXPECT_THAT(
      S8Linear::Create(kWide.batch, kWide.shape, bytes).status().message(),
      testing::HasSubstr("overflow sums of 32 bits"));
}

}  // namespace
}  // namespace tritlab
