#include "quant/power_of_two.h"

#include <cmath>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "quant/layers_for_tests.h"
#include "quant/statistics.h"

namespace tritlab {
namespace {

// The paper's equations 1 to 4 as they are printed, in double precision and
// with the levels in a list.
struct Reference {
  Reference(const std::vector<float>& weights, int bits) {
    const double s = LargestMagnitude(weights);
    if (s == 0) return;
    n1 = static_cast<int>(std::floor(std::log2(4 * s / 3)));
    n2 = n1 + 1 - static_cast<int>(std::pow(2, bits - 1)) / 2;
    for (int n = n2; n <= n1; ++n) magnitudes.push_back(std::ldexp(1.0, n));
  }
  double Round(double w) const {
    double alpha = 0;
    for (const double beta : magnitudes) {
      if ((alpha + beta) / 2 <= std::abs(w) && std::abs(w) < 3 * beta / 2)
        return std::copysign(beta, w);
      alpha = beta;
    }
    return 0;
  }
  int n1 = 0, n2 = 1;
  std::vector<double> magnitudes;
};

TEST(PowerOfTwoTest, EqualsThePapersEquations) {
  std::vector<float> weights = RandomWeights(2000, 3);
  // The ends of the intervals, and both neighbours of each.
  for (int n = -12; n <= 0; ++n) {
    for (const float end : {0.5f, 0.75f, 1.0f, 1.5f}) {
      const float at = std::ldexp(end, n);
      weights.insert(weights.end(), {at, -at, std::nextafter(at, 0.0f),
                                     std::nextafter(at, 2.0f)});
    }
  }
  for (const int bits : {2, 3, 4, 5, 6, 7, 8}) {
    for (const float largest : {1.0f, 1.49f, 1.5f, 0.76f, 0.75f, 0.7f}) {
      std::vector<float> layer;
      for (const float w : weights)
        if (std::abs(w) <= largest) layer.push_back(w);
      layer.push_back(largest);
      const Reference reference(layer, bits);
      const PowerOfTwoLevels levels(largest, bits);
      ASSERT_EQ(levels.largest_exponent(), reference.n1) << largest;
      ASSERT_EQ(levels.smallest_exponent(), reference.n2);
      for (const float w : layer)
        ASSERT_EQ(levels.Round(w), reference.Round(w)) << w << " " << bits;
    }
  }
}

// Two bits are ternary.
TEST(PowerOfTwoTest, ThereAreAsManyValuesAsThePaperSays) {
  for (const int bits : {2, 3, 4, 5, 6, 7, 8}) {
    const CodedWeights coded =
        PowerOfTwoLevels(1, bits).Encode(std::vector<float>{1});
    EXPECT_EQ(coded.codebook.size(), (1u << (bits - 1)) + 1);
    EXPECT_EQ(coded.bits, bits);
  }
}

TEST(PowerOfTwoTest, WhatReTrainingCarriesBeyondTheLargestBecomesIt) {
  const PowerOfTwoLevels levels(1, 3);
  EXPECT_EQ(levels.Round(100), 1);
  EXPECT_EQ(levels.Round(-1e38f), -1);
}

TEST(PowerOfTwoTest, WhatIsNoNumberStaysNone) {
  EXPECT_TRUE(std::isnan(PowerOfTwoLevels(1, 5).Round(std::nanf(""))));
}

TEST(PowerOfTwoTest, CodesStandForTheRoundedWeights) {
  for (const auto& [name, layer] : AdversarialLayers()) {
    for (const int bits : {2, 5, 8}) {
      const PowerOfTwoLevels levels(LargestMagnitude(layer), bits);
      const CodedWeights coded = levels.Encode(layer);
      for (size_t i = 0; i < layer.size(); ++i) {
        const float rounded = levels.Round(layer[i]);
        EXPECT_EQ(coded.value(i), rounded) << name;
        EXPECT_EQ(levels.Round(rounded), rounded) << name;
        int exponent;
        EXPECT_TRUE(rounded == 0 ||
                    std::abs(std::frexp(rounded, &exponent)) == 0.5f)
            << name << ": " << rounded << " is no power of two";
      }
    }
  }
}

// Protects: a checkpoint's exponents are what memory is taken by.
TEST(PowerOfTwoTest, KeptExponentsAreOfSoManyBits) {
  KeptLevels levels(5);
  EXPECT_TRUE(levels.Check().ok()) << "0 alone";
  levels.Choose(std::vector<float>{0.5f, -0.01f});
  EXPECT_TRUE(levels.Check().ok()) << levels.Check();
  const float inf = INFINITY;
  for (const auto& [n1, n2] :
       std::vector<std::pair<float, float>>{{-1, -9},
                                            {1e9f, -1e9f},
                                            {1e30f, 0},
                                            {0.5f, 0},
                                            {-1, 1},
                                            {inf, 0},
                                            {0, -inf},
                                            {NAN, 0},
                                            {0, NAN},
                                            {128, 127},
                                            {-149, -150}}) {
    levels.state().values[0] = n1;
    levels.state().values[1] = n2;
    EXPECT_TRUE(absl::IsDataLoss(levels.Check())) << n1 << " " << n2;
  }
}

}  // namespace
}  // namespace tritlab
