#include "inference/linear_product.h"

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

constexpr IntegerLinearShape kShape = {.inputs = 70, .outputs = 6};
constexpr int64_t kBatch = 5;

CodedWeights Coded(const std::vector<float>& codebook,
                   const std::vector<float>& channel_scales = {}) {
  CodedWeights coded = {.codes = {},
                        .codebook = codebook,
                        .bits = 4,
                        .channel_scales = channel_scales};
  const RandomStream stream(3);
  for (int64_t i = 0; i < kShape.inputs * kShape.outputs; ++i) {
    coded.codes.push_back(static_cast<uint8_t>(
        stream.Below(i, static_cast<int64_t>(codebook.size()))));
  }
  return coded;
}

std::vector<uint8_t> Input() {
  std::vector<uint8_t> input(kBatch * kShape.inputs);
  const RandomStream stream(4);
  for (size_t i = 0; i < input.size(); ++i)
    input[i] = static_cast<uint8_t>(stream.Bits(i));
  return input;
}

// Every codebook that has a packed product, against the sum that it stands for.
TEST(LinearProductTest, IsTheProductOfTheValues) {
  const std::vector<uint8_t> input = Input();
  for (const CodedWeights& coded :
       {Coded({0, 0.5f, -0.5f}), Coded({0, 0.7f, -0.3f}), Coded({1, -1}),
        Coded({0, -0.25f}), Coded({0}),
        Coded({0, 1.1f, -1.3f}, {1, 2, 3, 0.5f, 0.25f, 6}),
        Coded({0, 1, 2, 4, -1, -2, -4}),
        Coded({0, 0.25f, 0.5f, 32, -32, -0.25f, 16, -8})}) {
    for (const bool reference : {false, true}) {
      const auto created = LinearProduct::Create(coded, kShape, reference);
      ASSERT_TRUE(created.ok()) << created.status();
      LinearProduct* const product = created->get();
      ASSERT_NE(product, nullptr);
      EXPECT_TRUE(LinearProduct::Has(coded.codebook));
      std::vector<int32_t> sums(kBatch * kShape.outputs), more = sums;
      product->Multiply(kBatch, input.data(), sums.data(), more.data());
      for (int64_t m = 0; m < kBatch; ++m) {
        for (int64_t o = 0; o < kShape.outputs; ++o) {
          double expected = 0;
          for (int64_t i = 0; i < kShape.inputs; ++i) {
            expected += static_cast<double>(input[m * kShape.inputs + i]) *
                        coded.value(o * kShape.inputs + i);
          }
          const int64_t at = m * kShape.outputs + o;
          double result = static_cast<double>(product->scales()[o]) * sums[at];
          if (!product->more_scales().empty())
            result += static_cast<double>(product->more_scales()[o]) * more[at];
          EXPECT_NEAR(result, expected, 2e-2) << coded.codebook.size();
        }
      }
    }
  }
}

TEST(LinearProductTest, FastAndPlainSumsAreTheSame) {
  const std::vector<uint8_t> input = Input();
  for (const CodedWeights& coded :
       {Coded({0, 0.7f, -0.3f}), Coded({0, 1, 128, -128, -2})}) {
    auto fast = *LinearProduct::Create(coded, kShape, false);
    auto plain = *LinearProduct::Create(coded, kShape, true);
    std::vector<int32_t> sums(kBatch * kShape.outputs), more = sums;
    std::vector<int32_t> expected = sums, expected_more = sums;
    fast->Multiply(kBatch, input.data(), sums.data(), more.data());
    plain->Multiply(kBatch, input.data(), expected.data(),
                    expected_more.data());
    EXPECT_EQ(sums, expected);
    EXPECT_EQ(more, expected_more);
  }
}

TEST(LinearProductTest, OtherCodebooksHaveNone) {
  for (const std::vector<float>& codebook :
       {std::vector<float>{0, 1, 3, -1}, {1, 256, -1}, {-1, -0.3f, 0.3f, 1}}) {
    EXPECT_FALSE(LinearProduct::Has(codebook));
    EXPECT_EQ(*LinearProduct::Create(Coded(codebook), kShape, false), nullptr);
  }
}

// What it is for.
TEST(LinearProductTest, WeightsStayPacked) {
  constexpr IntegerLinearShape kLarge = {.inputs = 4096, .outputs = 64};
  CodedWeights coded = {.codes = std::vector<uint8_t>(4096 * 64, 1),
                        .codebook = {0, 0.7f, -0.3f},
                        .bits = 2};
  EXPECT_LT((*LinearProduct::Create(coded, kLarge, false))->weight_bytes(),
            4096 * 64 / 4 + 1024);
  coded.codebook = {0, 1, 2, -4};
  EXPECT_LE((*LinearProduct::Create(coded, kLarge, false))->weight_bytes(),
            4096 * 64 / 2);
}

}  // namespace
}  // namespace tritlab
