#include "quant/twn.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "quant/layers_for_tests.h"

namespace tritlab {
namespace {

// Equations 5 and 6, one weight at a time.
TEST(TwnTest, EqualsThePapersEquations) {
  for (const auto& [name, layer] : AdversarialLayers()) {
    double mean = 0;
    for (const float w : layer) mean += std::abs(w) / layer.size();
    const double delta = 0.7 * mean;
    double alpha = 0, kept = 0;
    for (const float w : layer) {
      if (std::abs(w) <= delta) continue;
      alpha += std::abs(w);
      ++kept;
    }
    if (kept > 0) alpha /= kept;
    auto quantizer = *TwnQuantizer::Create({});
    std::vector<float> quantized(layer.size());
    quantizer->Quantize(layer, quantized);
    for (size_t i = 0; i < layer.size(); ++i) {
      const double expected =
          std::abs(layer[i]) <= delta ? 0 : std::copysign(alpha, layer[i]);
      EXPECT_FLOAT_EQ(quantized[i], static_cast<float>(expected)) << name;
    }
  }
}

TEST(TwnTest, TheGradientPassesUnchanged) {
  auto quantizer = *TwnQuantizer::Create({});
  const std::vector<float> latent = RandomWeights(10, 1),
                           gradient = RandomWeights(10, 2);
  std::vector<float> grad_latent(10);
  quantizer->Backward(latent, gradient, grad_latent);
  EXPECT_EQ(grad_latent, gradient);
}

}  // namespace
}  // namespace tritlab
