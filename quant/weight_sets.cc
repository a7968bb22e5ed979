#include "quant/weight_sets.h"

#include <array>
#include <cmath>
#include <cstddef>

namespace tritlab {
namespace {

uint8_t SetOf(float value) {
  return static_cast<uint8_t>(value > 0   ? WeightSet::kPositive
                              : value < 0 ? WeightSet::kNegative
                                          : WeightSet::kZero);
}

}  // namespace

std::vector<uint8_t> SetsOf(const CodedWeights& coded) {
  std::vector<uint8_t> sets(coded.codes.size());
  for (size_t i = 0; i < sets.size(); ++i) sets[i] = SetOf(coded.value(i));
  return sets;
}

WeightSets CountSets(std::span<const uint8_t> sets,
                     std::span<const uint8_t> before) {
  std::array<int64_t, 3> counts = {};
  for (const uint8_t set : sets) ++counts[set];
  const auto share = [&](int64_t count) {
    return sets.empty() ? 0.0f
                        : static_cast<float>(static_cast<double>(count) /
                                             static_cast<double>(sets.size()));
  };
  const auto share_of = [&](WeightSet set) {
    return share(counts[static_cast<size_t>(set)]);
  };
  WeightSets result;
  result.set_positive(share_of(WeightSet::kPositive));
  result.set_zero(share_of(WeightSet::kZero));
  result.set_negative(share_of(WeightSet::kNegative));
  if (before.empty()) return result;
  int64_t changed = 0;
  for (size_t i = 0; i < sets.size(); ++i) changed += sets[i] != before[i];
  result.set_changed(share(changed));
  return result;
}

SetGradients GradientsBySet(std::span<const float> quantized,
                            std::span<const float> gradients) {
  std::array<double, 3> squares = {};
  for (size_t i = 0; i < gradients.size(); ++i) {
    const double gradient = gradients[i];
    squares[SetOf(quantized[i])] += gradient * gradient;
  }
  const auto norm = [&](WeightSet set) {
    return static_cast<float>(std::sqrt(squares[static_cast<size_t>(set)]));
  };
  SetGradients result;
  result.set_positive(norm(WeightSet::kPositive));
  result.set_zero(norm(WeightSet::kZero));
  result.set_negative(norm(WeightSet::kNegative));
  return result;
}

}  // namespace tritlab
