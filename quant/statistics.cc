#include "quant/statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "absl/strings/str_format.h"

namespace tritlab {

absl::Status CheckFinite(std::span<const float> weights) {
  for (size_t i = 0; i < weights.size(); ++i) {
    if (std::isfinite(weights[i])) continue;
    return absl::InvalidArgumentError(absl::StrFormat(
        "weight %d of %d is %g; the training that it comes from has diverged",
        i, weights.size(), weights[i]));
  }
  return absl::OkStatus();
}

float LargestMagnitude(std::span<const float> weights) {
  // Magnitudes are ordered as their bits are, with what is no number above all
  // others.
  uint32_t largest = 0;
  for (const float w : weights)
    largest = std::max(largest, std::bit_cast<uint32_t>(w) & 0x7fffffff);
  return std::bit_cast<float>(largest);
}

double MeanMagnitude(std::span<const float> weights) {
  if (weights.empty()) return 0;
  double sum = 0;
  for (const float w : weights) sum += std::abs(w);
  return sum / static_cast<double>(weights.size());
}

float MagnitudeOfRank(std::span<const float> weights, size_t rank) {
  std::vector<float> magnitudes(weights.size());
  std::transform(weights.begin(), weights.end(), magnitudes.begin(),
                 [](float w) { return std::abs(w); });
  const auto ranked = magnitudes.begin() + static_cast<ptrdiff_t>(rank - 1);
  std::nth_element(magnitudes.begin(), ranked, magnitudes.end());
  return *ranked;
}

}  // namespace tritlab
