#include "quant/ttq.h"

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "quant/layers_for_tests.h"

namespace tritlab {
namespace {

std::unique_ptr<TtqQuantizer> Make(const TtqSpec& spec = {}) {
  return *TtqQuantizer::Create(spec);
}

TtqSpec WithFactor(float factor) {
  TtqSpec spec;
  spec.set_threshold_factor(factor);
  return spec;
}

TtqSpec WithSparsity(float sparsity) {
  TtqSpec spec;
  spec.set_sparsity(sparsity);
  return spec;
}

std::vector<float> Quantized(WeightQuantizer& quantizer,
                             const std::vector<float>& latent) {
  std::vector<float> quantized(latent.size());
  quantizer.Quantize(latent, quantized);
  return quantized;
}

// The equations of the paper, by hand.
TEST(TtqTest, WeightsBecomeTheirSidesScaleOrZero) {
  auto quantizer = Make(WithFactor(0.5f));
  quantizer->parameters()[0].value = 2;
  quantizer->parameters()[1].value = 3;
  // The threshold is 0.4; a weight just there is zero.
  EXPECT_THAT(
      Quantized(*quantizer, {0.8f, 0.41f, 0.4f, 0, -0.1f, -0.4f, -0.5f}),
      testing::ElementsAre(2, 2, 0, 0, 0, 0, -3));
}

TEST(TtqTest, TheDefaultThresholdIsFivePercentOfTheLargestMagnitude) {
  EXPECT_FLOAT_EQ(Make()->Threshold(std::vector<float>{0.5f, -2.0f}), 0.1f);
}

TEST(TtqTest, AConstantSparsityLeavesThatShareZero) {
  for (const float sparsity : {0.0f, 0.3f, 0.5f, 0.9f}) {
    auto quantizer = Make(WithSparsity(sparsity));
    const std::vector<float> quantized =
        Quantized(*quantizer, RandomWeights(1000, 7));
    EXPECT_EQ(std::count(quantized.begin(), quantized.end(), 0.0f),
              std::lround(1000 * sparsity))
        << sparsity;
  }
}

// Protects: weights of one magnitude do not vanish together: the share is
// exact, in what is computed with, in gradients, in codes and in the scales'
// start.
TEST(TtqTest, OfEqualWeightsNoMoreThanTheShareAreZero) {
  TtqSpec spec = WithSparsity(0.5f);
  spec.set_initial_scales(TtqSpec::MEAN_MAGNITUDE);
  auto quantizer = Make(spec);
  const std::vector<float> latent = {3, -3, 3, 1, -3, 3};
  ASSERT_TRUE(quantizer->Initialize(latent).ok());
  const std::vector<float> expected = {0, 0, 3, 0, -3, 3};
  EXPECT_EQ(Quantized(*quantizer, latent), expected);
  const CodedWeights coded = *quantizer->Encode(latent);
  for (size_t i = 0; i < latent.size(); ++i)
    EXPECT_EQ(coded.value(i), expected[i]);
  const std::vector<float> gradient = {1, 2, 4, 8, 16, 32};
  std::vector<float> grad_latent(6);
  quantizer->Backward(latent, gradient, grad_latent);
  EXPECT_THAT(grad_latent, testing::ElementsAre(1, 2, 12, 8, 48, 96));
  EXPECT_EQ(quantizer->parameters()[0].gradient, 36);
  EXPECT_EQ(quantizer->parameters()[1].gradient, -16);
  // What is 0 has no sign to keep.
  EXPECT_THAT(Quantized(*quantizer, std::vector<float>(4, 0.0f)),
              testing::Each(0.0f));
}

TEST(TtqTest, TheThresholdMayFollowTheMeanMagnitude) {
  TtqSpec spec;
  spec.set_mean_factor(0.5f);
  EXPECT_FLOAT_EQ(Make(spec)->Threshold(std::vector<float>{1, -3, 0, 8}), 1.5f);
}

// The report's threshold_factor is the paper's t, whatever sets the threshold.
TEST(TtqTest, TheThresholdIsDescribedAlsoAsAShareOfTheLargestMagnitude) {
  const std::vector<float> latent = {-0.1f, 0.3f, 0.02f, -2.0f};
  for (const TtqSpec& spec : {WithFactor(0.15f), WithSparsity(0.75f)}) {
    const auto values = Make(spec)->Describe(latent);
    EXPECT_FLOAT_EQ(values.at("threshold_factor"), 0.15f);
    EXPECT_FLOAT_EQ(values.at("threshold"), 0.3f);
  }
  const std::vector<float> zeros(3, 0.0f);
  EXPECT_EQ(Make()->Describe(zeros).at("threshold_factor"), 0);
}

TEST(TtqTest, ScalesBeginWithOne) {
  auto quantizer = Make();
  ASSERT_TRUE(quantizer->Initialize(std::vector<float>{1, 0.5f, -0.4f}).ok());
  EXPECT_EQ(quantizer->parameters()[0].value, 1);
  EXPECT_EQ(quantizer->parameters()[1].value, 1);
}

TEST(TtqTest, OrWithEachSidesMeanMagnitude) {
  TtqSpec spec = WithFactor(0.1f);
  spec.set_initial_scales(TtqSpec::MEAN_MAGNITUDE);
  auto quantizer = Make(spec);
  ASSERT_TRUE(
      quantizer->Initialize(std::vector<float>{1, 0.5f, 0.05f, -0.4f, -0.2f})
          .ok());
  EXPECT_FLOAT_EQ(quantizer->parameters()[0].value, 0.75f);
  EXPECT_FLOAT_EQ(quantizer->parameters()[1].value, 0.3f);
}

// The paper's equation 7 lacks the sign in W_n's gradient; finite differences
// of a loss decide.
TEST(TtqTest, GradientsOfTheScalesEqualFiniteDifferences) {
  const std::vector<float> latent = RandomWeights(500, 1);
  const std::vector<float> slope =
      RandomWeights(500, 2);  // loss = sum slope * q, so dL/dq = slope
  auto quantizer = Make(WithFactor(0.2f));
  ASSERT_TRUE(quantizer->Initialize(latent).ok());
  const auto loss = [&] {
    const std::vector<float> quantized = Quantized(*quantizer, latent);
    double sum = 0;
    for (size_t i = 0; i < quantized.size(); ++i)
      sum += static_cast<double>(slope[i]) * quantized[i];
    return sum;
  };
  loss();
  std::vector<float> grad_latent(latent.size());
  quantizer->Backward(latent, slope, grad_latent);
  for (QuantizerParameter& parameter : quantizer->parameters()) {
    const float value = parameter.value, step = 0.01f;
    parameter.value = value + step;
    const double above = loss();
    parameter.value = value - step;
    const double below = loss();
    parameter.value = value;
    EXPECT_NEAR(parameter.gradient, (above - below) / (2 * step), 1e-3)
        << parameter.name;
    EXPECT_GT(std::abs(parameter.gradient), 0.01)
        << "the test would not see a wrong sign";
  }
}

TEST(TtqTest, LatentGradientsAreScaledByTheirSet) {
  auto quantizer = Make(WithFactor(0.5f));
  quantizer->parameters()[0].value = 2;
  quantizer->parameters()[1].value = 3;
  const std::vector<float> latent = {1, 0.1f, -1};
  Quantized(*quantizer, latent);
  std::vector<float> gradient = {10, 20, 30};
  quantizer->Backward(latent, gradient,
                      gradient);  // in place, as training does
  EXPECT_THAT(gradient, testing::ElementsAre(20, 20, 90));
}

// Protects the ablation: each side's multiplier can be left out alone, which
// changes neither zeros nor the gradients of W_p and W_n.
TEST(TtqTest, TheLearningRateMultipliersCanBeSwitchedOffBySide) {
  const auto gradients = [](TtqSpec::LearningRateMultipliers multipliers) {
    TtqSpec spec = WithFactor(0.5f);
    spec.set_learning_rate_multipliers(multipliers);
    auto quantizer = Make(spec);
    quantizer->parameters()[0].value = 2;
    quantizer->parameters()[1].value = 3;
    const std::vector<float> latent = {1, 0.1f, -1};
    Quantized(*quantizer, latent);
    std::vector<float> gradient = {10, 20, 30};
    quantizer->Backward(latent, gradient, gradient);
    EXPECT_EQ(quantizer->parameters()[0].gradient, 10);
    EXPECT_EQ(quantizer->parameters()[1].gradient, -30);
    return gradient;
  };
  using testing::ElementsAre;
  EXPECT_THAT(gradients(TtqSpec::LEARNING_RATE_MULTIPLIERS_UNSPECIFIED),
              ElementsAre(20, 20, 90));
  EXPECT_THAT(gradients(TtqSpec::BOTH), ElementsAre(20, 20, 90));
  EXPECT_THAT(gradients(TtqSpec::NEITHER), ElementsAre(10, 20, 30));
  EXPECT_THAT(gradients(TtqSpec::POSITIVE), ElementsAre(20, 20, 30));
  EXPECT_THAT(gradients(TtqSpec::NEGATIVE), ElementsAre(10, 20, 90));
}

// What is packed must be what was trained.
TEST(TtqTest, CodesAndCodebookGiveTheQuantizedWeights) {
  const std::vector<float> latent = RandomWeights(333, 3);
  auto quantizer = Make();
  ASSERT_TRUE(quantizer->Initialize(latent).ok());
  const CodedWeights coded = *quantizer->Encode(latent);
  const std::vector<float> quantized = Quantized(*quantizer, latent);
  ASSERT_EQ(coded.codes.size(), latent.size());
  EXPECT_LE(coded.codebook.size(), 1u << coded.bits);
  for (size_t i = 0; i < latent.size(); ++i)
    EXPECT_EQ(coded.codebook[coded.codes[i]], quantized[i]);
}

TEST(TtqTest, QuantizingQuantizedWeightsKeepsTheirCodes) {
  const std::vector<float> latent = RandomWeights(333, 4);
  auto quantizer = Make();
  ASSERT_TRUE(quantizer->Initialize(latent).ok());
  EXPECT_EQ(quantizer->Encode(Quantized(*quantizer, latent))->codes,
            quantizer->Encode(latent)->codes);
}

// Layers that are all zero, of one weight, all equal or denormal must not
// divide by zero or invent weights.
TEST(TtqTest, DegenerateLayers) {
  const std::vector<std::vector<float>> layers = {std::vector<float>(9, 0.0f),
                                                  {0.3f},
                                                  {-0.3f},
                                                  std::vector<float>(9, 0.2f),
                                                  {1e-40f, -1e-40f, 0}};
  for (const TtqSpec& spec :
       {WithFactor(0.05f), WithFactor(0), WithSparsity(0.5f)}) {
    for (const std::vector<float>& latent : layers) {
      auto quantizer = Make(spec);
      ASSERT_TRUE(quantizer->Initialize(latent).ok());
      for (const float q : Quantized(*quantizer, latent))
        EXPECT_TRUE(std::isfinite(q));
      std::vector<float> gradient(latent.size(), 1.0f);
      quantizer->Backward(latent, gradient, gradient);
      for (const float g : gradient) EXPECT_TRUE(std::isfinite(g));
    }
  }
  EXPECT_THAT(Quantized(*Make(), std::vector<float>(3, 0.0f)),
              testing::Each(0.0f));
}

// A diverged layer must not pass for a sparse one.
TEST(TtqTest, WhatIsNoNumberStaysNone) {
  EXPECT_TRUE(
      std::isnan(Quantized(*Make(), std::vector<float>{1, NAN, -1})[1]));
  EXPECT_TRUE(
      std::isnan(Quantized(*Make(), std::vector<float>{1, INFINITY})[0]));
}

TEST(TtqTest, ImpossibleSettingsNameTheirField) {
  EXPECT_THAT(
      std::string(TtqQuantizer::Create(WithFactor(1)).status().message()),
      testing::HasSubstr("threshold_factor"));
  EXPECT_THAT(
      std::string(TtqQuantizer::Create(WithFactor(-0.1f)).status().message()),
      testing::HasSubstr("threshold_factor"));
  EXPECT_THAT(
      std::string(TtqQuantizer::Create(WithSparsity(NAN)).status().message()),
      testing::HasSubstr("sparsity"));
}

}  // namespace
}  // namespace tritlab
