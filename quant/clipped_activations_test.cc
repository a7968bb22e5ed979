#include "quant/clipped_activations.h"

#include <cmath>
#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "quant/layers_for_tests.h"

namespace tritlab {
namespace {

std::unique_ptr<ClippedActivations> Dorefa(int bits) {
  DorefaActivationSpec spec;
  spec.set_bits(bits);
  return *ClippedActivations::Create(spec);
}

std::unique_ptr<ClippedActivations> Pact(int bits, float clip) {
  PactSpec spec;
  spec.set_bits(bits);
  spec.set_initial_clip(clip);
  return *ClippedActivations::Create(spec);
}

// All lengths, since the loops are compiled for several vector widths.
TEST(ClippedActivationsTest, EqualsThePapersEquations) {
  for (int64_t count = 1; count < 70; ++count) {
    std::vector<float> values = RandomWeights(count, count, 4.0f);
    for (const int bits : {1, 2, 4, 8}) {
      for (const float clip : {0.3f, 1.0f, 6.0f}) {
        auto quantizer = Pact(bits, clip);
        std::vector<float> quantized(count);
        quantizer->Quantize(values, quantized);
        const double steps = std::pow(2, bits) - 1;
        for (int64_t i = 0; i < count; ++i) {
          const double y =
              std::min(std::max<double>(values[i], 0), +clip + 0.0);
          EXPECT_LE(std::abs(quantized[i] - y), 0.5 * clip / steps + 1e-5);
          const double level = quantized[i] / quantizer->step();
          EXPECT_NEAR(level, std::round(level), 1e-4);
        }
      }
    }
  }
}

TEST(ClippedActivationsTest, DorefaIsPactWithAClipOfOneThatIsNotLearned) {
  const std::vector<float> values = RandomWeights(200, 1, 1.0f);
  std::vector<float> dorefa(200), pact(200);
  Dorefa(3)->Quantize(values, dorefa);
  Pact(3, 1)->Quantize(values, pact);
  EXPECT_EQ(dorefa, pact);
  EXPECT_TRUE(Dorefa(3)->parameters().empty());
  EXPECT_EQ(Pact(3, 1)->parameters().size(), 1u);
}

TEST(ClippedActivationsTest, GradientsPassWithinTheClipAndAlphasComeFromAbove) {
  const std::vector<float> values = {-1, 0, 0.5f, 1.9f, 2, 3};
  std::vector<float> gradient = {1, 10, 100, 1000, 10000, 100000};
  auto quantizer = Pact(2, 2);
  // In place, as the training program calls it.
  EXPECT_EQ(quantizer->Backward(values, gradient, gradient), 110000);
  EXPECT_THAT(gradient, testing::ElementsAre(0, 0, 100, 1000, 0, 0));
}

TEST(ClippedActivationsTest, WhatIsNoNumberStaysNone) {
  std::vector<float> quantized(1);
  Dorefa(4)->Quantize(std::vector<float>{std::nanf("")}, quantized);
  EXPECT_TRUE(std::isnan(quantized[0]));
}

// Protects: the smallest alpha that an update may leave is one to compute with,
// and to come back from.
TEST(ClippedActivationsTest, TheLeastAlphaIsFiniteAndGrowsAgain) {
  for (const int bits : {1, 8}) {
    auto quantizer = Pact(bits, kLeastClip);
    EXPECT_EQ(quantizer->parameters()[0].least, kLeastClip);
    const std::vector<float> values = {-1, 0, 5e-4f, 1e-3f, 3};
    std::vector<float> quantized(5), gradient(5, -1.0f);
    quantizer->Quantize(values, quantized);
    for (const float q : quantized) {
      EXPECT_GE(q, 0);
      EXPECT_LE(q, 1.001f * kLeastClip);
    }
    EXPECT_GT(quantized[4], 0);
    EXPECT_EQ(quantizer->Backward(values, gradient, gradient), -2);
  }
}

TEST(ClippedActivationsTest, ImpossibleSettingsAreNamed) {
  DorefaActivationSpec dorefa;
  EXPECT_THAT(
      std::string(ClippedActivations::Create(dorefa).status().message()),
      testing::HasSubstr("dorefa.bits is 0"));
  PactSpec pact;
  pact.set_bits(4);
  pact.set_initial_clip(-1);
  EXPECT_THAT(std::string(ClippedActivations::Create(pact).status().message()),
              testing::HasSubstr("pact.initial_clip is -1"));
}

}  // namespace
}  // namespace tritlab
