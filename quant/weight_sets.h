// The quantized weights of a layer in three sets, by the sign of the value that
// each stands for: what TTQ's paper follows through training (Zhu et al., ICLR
// 2017, its figure of ternary values and distribution over iterations).
#ifndef TRITLAB_QUANT_WEIGHT_SETS_H_
#define TRITLAB_QUANT_WEIGHT_SETS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "quant/quantizer.h"
#include "quant/weight_sets.pb.h"

namespace tritlab {

enum class WeightSet : uint8_t { kZero = 0, kPositive = 1, kNegative = 2 };

// One WeightSet a weight, as numbers that PackTrits takes.
std::vector<uint8_t> SetsOf(const CodedWeights& coded);

// Shares of the sets; and of the weights that have changed their set since
// `before`, which has the same length, or is empty where that is not known. The
// layer's name and gradients are left to the caller.
WeightSets CountSets(std::span<const uint8_t> sets,
                     std::span<const uint8_t> before);

// The norms of `gradients` over the weights whose `quantized` value is
// positive, zero and negative. What is learned is left to the caller.
SetGradients GradientsBySet(std::span<const float> quantized,
                            std::span<const float> gradients);

}  // namespace tritlab

#endif  // TRITLAB_QUANT_WEIGHT_SETS_H_
