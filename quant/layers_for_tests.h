// Weights that quantizers are tested on.
#ifndef TRITLAB_QUANT_LAYERS_FOR_TESTS_H_
#define TRITLAB_QUANT_LAYERS_FOR_TESTS_H_

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"

namespace tritlab {

// Normally distributed, as a trained layer's weights nearly are.
inline std::vector<float> RandomWeights(int64_t count, uint64_t seed,
                                        float deviation = 0.1f) {
  std::vector<float> weights(count);
  RandomStream(seed).FillNormal(0, deviation, weights);
  return weights;
}

// Layers on which a method may trip, by what is odd about them. Each has an
// even number of weights, for two output channels.
inline std::map<std::string, std::vector<float>> AdversarialLayers() {
  constexpr float kDenormal = std::numeric_limits<float>::denorm_min();
  return {
      {"all zero", std::vector<float>(8, 0.0f)},
      {"all equal", std::vector<float>(8, 0.3f)},
      {"all equal and negative", std::vector<float>(8, -0.3f)},
      {"one weight a channel", {0.7f, -0.2f}},
      {"one weight that is not zero", {0, 0, 0, -0.01f, 0, 0, 0, 0}},
      {"denormal", {kDenormal, -kDenormal, 3 * kDenormal, 0}},
      {"one denormal beside large ones", {1, -2, kDenormal, -kDenormal}},
      {"huge", {1e37f, -3e38f, 1e-30f, 2}},
      {"negative zero", {-0.0f, 0.0f, -0.0f, 1}},
      {"powers of two", {1, -0.5f, 0.25f, -0.125f, 0.75f, 1.5f, -3, 0}},
      {"random", RandomWeights(1000, 1)},
      {"random with zeros",
       [] {
         std::vector<float> weights = RandomWeights(1000, 2);
         for (size_t i = 0; i < weights.size(); i += 3) weights[i] = 0;
         return weights;
       }()},
  };
}

}  // namespace tritlab

#endif  // TRITLAB_QUANT_LAYERS_FOR_TESTS_H_
