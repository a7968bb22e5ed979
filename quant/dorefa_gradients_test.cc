#include "quant/dorefa_gradients.h"

#include <cmath>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "quant/layers_for_tests.h"
#include "quant/statistics.h"

namespace tritlab {
namespace {

std::unique_ptr<DorefaGradients> Make(int bits, uint64_t seed = 1) {
  DorefaGradientSpec spec;
  spec.set_bits(bits);
  return *DorefaGradients::Create(spec, {.seed = seed});
}

TEST(DorefaGradientsTest, ValuesAreTheLevelsBesideTheGradient) {
  for (const int bits : {2, 4, 6, 8}) {
    const std::vector<float> gradient = RandomWeights(1000, bits);
    std::vector<float> quantized(gradient.size());
    Make(bits)->Quantize(0, gradient, quantized);
    const double largest = LargestMagnitude(gradient);
    const double steps = std::pow(2, bits) - 1;
    for (size_t i = 0; i < gradient.size(); ++i) {
      const double level = (quantized[i] / (2 * largest) + 0.5) * steps;
      EXPECT_NEAR(level, std::round(level), 1e-3);
      const double exact = (gradient[i] / (2 * largest) + 0.5) * steps;
      EXPECT_LT(std::abs(level - exact), 1 + 1e-3);
    }
  }
}

// What the noise is for: training would drift under a biased rounding.
TEST(DorefaGradientsTest, TheExpectationIsTheGradient) {
  const std::vector<float> gradient = RandomWeights(100, 7);
  auto quantizer = Make(4);
  std::vector<double> sums(gradient.size());
  constexpr int kSteps = 4000;
  for (int step = 0; step < kSteps; ++step) {
    quantizer->set_step(step);
    std::vector<float> quantized(gradient.size());
    quantizer->Quantize(0, gradient, quantized);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += quantized[i];
  }
  // One level is 2 m / 15; the mean of 4000 has at most 1/126 of its spread.
  const double level = 2 * LargestMagnitude(gradient) / 15;
  for (size_t i = 0; i < sums.size(); ++i)
    EXPECT_NEAR(sums[i] / kSteps, gradient[i], 0.05 * level) << i;
}

// A resumed run must draw what the undisturbed one drew.
TEST(DorefaGradientsTest, TheNoiseBelongsToSeedStepAndImage) {
  const std::vector<float> gradient = RandomWeights(100, 7);
  const auto quantized = [&](uint64_t seed, int64_t step, int64_t image) {
    auto quantizer = Make(4, seed);
    quantizer->set_step(step);
    std::vector<float> values(gradient.size());
    quantizer->Quantize(image, gradient, values);
    return values;
  };
  EXPECT_EQ(quantized(1, 2, 3), quantized(1, 2, 3));
  EXPECT_NE(quantized(1, 2, 3), quantized(2, 2, 3));
  EXPECT_NE(quantized(1, 2, 3), quantized(1, 3, 3));
  EXPECT_NE(quantized(1, 2, 3), quantized(1, 2, 4));
}

TEST(DorefaGradientsTest, ZerosStayAndWhatIsNoNumberShows) {
  std::vector<float> quantized(2, 1.0f);
  Make(4)->Quantize(0, std::vector<float>{0, 0}, quantized);
  EXPECT_EQ(quantized, (std::vector<float>{0, 0}));
  Make(4)->Quantize(0, std::vector<float>{1, std::nanf("")}, quantized);
  EXPECT_TRUE(std::isnan(quantized[1]));
  // Steps of it could not be counted in f32.
  Make(4)->Quantize(0, std::vector<float>{1e-38f, 0}, quantized);
  EXPECT_EQ(quantized, (std::vector<float>{1e-38f, 0}));
}

}  // namespace
}  // namespace tritlab
