#include "quant/dorefa.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "quant/layers_for_tests.h"

namespace tritlab {
namespace {

std::unique_ptr<DorefaQuantizer> Make(int bits) {
  DorefaSpec spec;
  spec.set_bits(bits);
  return *DorefaQuantizer::Create(spec);
}

// tanh(w) / max|tanh(w)|: equation 9 without the rounding.
std::vector<double> Squashed(const std::vector<float>& weights) {
  double largest = 0;
  for (const float w : weights)
    largest = std::max(largest, std::abs(std::tanh(static_cast<double>(w))));
  std::vector<double> squashed;
  for (const float w : weights) {
    squashed.push_back(largest > 0 ? std::tanh(static_cast<double>(w)) / largest
                                   : 0);
  }
  return squashed;
}

TEST(DorefaTest, EqualsThePapersEquations) {
  for (const auto& [name, layer] : AdversarialLayers()) {
    for (const int bits : {2, 3, 4, 8}) {
      auto quantizer = Make(bits);
      std::vector<float> quantized(layer.size());
      quantizer->Quantize(layer, quantized);
      const std::vector<double> squashed = Squashed(layer);
      const double steps = std::pow(2, bits) - 1;
      for (size_t i = 0; i < layer.size(); ++i) {
        // A value between two levels may go to either by the last bit of tanh.
        const double level = steps * (squashed[i] / 2 + 0.5);
        const double off = std::abs((quantized[i] + 1) / 2 * steps - level);
        EXPECT_LE(off, 0.5 + 1e-4) << name << " " << bits;
        const double whole = (quantized[i] + 1) / 2 * steps;
        EXPECT_NEAR(whole, std::round(whole), 1e-4) << name;
      }
    }
  }
}

TEST(DorefaTest, OneBitIsTheSignTimesTheLayersMean) {
  auto quantizer = Make(1);
  std::vector<float> quantized(4);
  quantizer->Quantize(std::vector<float>{1, -2, 0, 5}, quantized);
  EXPECT_EQ(quantized, (std::vector<float>{2, -2, 2, 2}));
}

// Of the map without the rounding, which gradients pass.
TEST(DorefaTest, LatentGradientsEqualFiniteDifferences) {
  const std::vector<float> latent = RandomWeights(50, 1, 0.8f);
  const std::vector<float> slope = RandomWeights(50, 2);
  auto quantizer = Make(4);
  std::vector<float> grad_latent(latent.size());
  quantizer->Backward(latent, slope, grad_latent);
  const auto loss = [&](const std::vector<float>& weights) {
    const std::vector<double> squashed = Squashed(weights);
    double sum = 0;
    for (size_t i = 0; i < weights.size(); ++i) sum += slope[i] * squashed[i];
    return sum;
  };
  for (size_t i = 0; i < latent.size(); ++i) {
    const float step = 1e-3f;
    std::vector<float> above = latent, below = latent;
    above[i] += step;
    below[i] -= step;
    EXPECT_NEAR(grad_latent[i],
                (loss(above) - loss(below)) / (above[i] - below[i]), 1e-4)
        << i;
  }
}

}  // namespace
}  // namespace tritlab
