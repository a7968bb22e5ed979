#include "quant/bwn.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "quant/layers_for_tests.h"

namespace tritlab {
namespace {

constexpr int64_t kChannels = 2;

TEST(BwnTest, EqualsThePapersEquations) {
  for (const auto& [name, layer] : AdversarialLayers()) {
    auto quantizer = *BwnQuantizer::Create({}, {.outputs = kChannels});
    std::vector<float> quantized(layer.size());
    quantizer->Quantize(layer, quantized);
    const size_t n = layer.size() / kChannels;
    for (size_t channel = 0; channel < kChannels; ++channel) {
      double alpha = 0;
      for (size_t i = 0; i < n; ++i)
        alpha += std::abs(layer[channel * n + i]) / static_cast<double>(n);
      for (size_t i = channel * n; i < (channel + 1) * n; ++i) {
        EXPECT_FLOAT_EQ(quantized[i],
                        static_cast<float>(layer[i] < 0 ? -alpha : alpha))
            << name;
      }
    }
  }
}

TEST(BwnTest, LatentGradientsAreThoseOfThePaper) {
  auto quantizer = *BwnQuantizer::Create({}, {.outputs = kChannels});
  const std::vector<float> latent = {0.5f, -2, 0.25f, 1};
  const std::vector<float> gradient = {1, 10, 100, 1000};
  std::vector<float> grad_latent(4);
  quantizer->Backward(latent, gradient, grad_latent);
  EXPECT_FLOAT_EQ(grad_latent[0], 1 * (0.5f + 1.25f));
  EXPECT_FLOAT_EQ(grad_latent[1], 10 * 0.5f);  // |w| > 1
  EXPECT_FLOAT_EQ(grad_latent[2], 100 * (0.5f + 0.625f));
  EXPECT_FLOAT_EQ(grad_latent[3], 1000 * (0.5f + 0.625f));
}

}  // namespace
}  // namespace tritlab
