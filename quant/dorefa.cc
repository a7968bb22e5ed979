#include "quant/dorefa.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "absl/strings/str_format.h"
#include "quant/statistics.h"
#include "quant/straight_through.h"

namespace tritlab {

absl::StatusOr<std::unique_ptr<DorefaQuantizer>> DorefaQuantizer::Create(
    const DorefaSpec& spec) {
  if (spec.bits() < 1 || spec.bits() > 8) {
    return absl::InvalidArgumentError(
        absl::StrFormat("dorefa.bits is %d; it must be 1 to 8", spec.bits()));
  }
  return std::unique_ptr<DorefaQuantizer>(new DorefaQuantizer(spec));
}

absl::Status DorefaQuantizer::Initialize(std::span<const float> latent) {
  return CheckFinite(latent);
}

float DorefaQuantizer::Squash(std::span<const float> latent,
                              std::span<float> squashed) const {
  for (size_t i = 0; i < latent.size(); ++i) squashed[i] = std::tanh(latent[i]);
  return LargestMagnitude(squashed);
}

int DorefaQuantizer::Level(float squashed, float largest) const {
  // A layer of zeros is as far from either end.
  const float share = largest > 0 ? squashed / (2 * largest) : 0.0f;
  return static_cast<int>(std::nearbyint(steps_ * (share + 0.5f)));
}

void DorefaQuantizer::Quantize(std::span<const float> latent,
                               std::span<float> quantized) {
  if (bits_ == 1) {
    const float mean = static_cast<float>(MeanMagnitude(latent));
    for (size_t i = 0; i < latent.size(); ++i)
      quantized[i] = latent[i] < 0 ? -mean : mean;
    return;
  }
  const float largest = Squash(latent, quantized);
  if (std::isnan(largest)) {
    std::fill(quantized.begin(), quantized.end(), largest);
    return;
  }
  for (float& value : quantized) value = LevelValue(Level(value, largest));
}

void DorefaQuantizer::Backward(std::span<const float> latent,
                               std::span<const float> grad_quantized,
                               std::span<float> grad_latent) {
  if (bits_ == 1) return StraightThrough(grad_quantized, grad_latent);
  std::vector<float> squashed(latent.size());
  const float largest = Squash(latent, squashed);
  const float inverse = 1 / largest;
  // Of zeros, and of weights too small for a quotient.
  if (!(largest > 0) || std::isinf(inverse))
    return StraightThrough(grad_quantized, grad_latent);
  // With t = tanh(w), m = max|t| at index j: q = t / m but for the rounding, so
  // dL/dt_i = g_i / m, and dL/dm = -sum of g_i t_i / m^2 goes to t_j alone.
  double sum = 0;
  size_t at_largest = 0;
  for (size_t i = 0; i < latent.size(); ++i) {
    sum += static_cast<double>(grad_quantized[i]) * squashed[i];
    if (std::abs(squashed[i]) > std::abs(squashed[at_largest])) at_largest = i;
  }
  for (size_t i = 0; i < latent.size(); ++i) {
    const float slope = 1 - squashed[i] * squashed[i];
    grad_latent[i] = grad_quantized[i] * inverse * slope;
  }
  const double at = squashed[at_largest];
  const double grad_largest = -sum / (static_cast<double>(largest) * largest);
  grad_latent[at_largest] += static_cast<float>(
      (at < 0 ? -grad_largest : grad_largest) * (1 - at * at));
}

std::optional<CodedWeights> DorefaQuantizer::Encode(
    std::span<const float> latent) const {
  CodedWeights coded;
  coded.bits = bits_;
  coded.codes.reserve(latent.size());
  if (bits_ == 1) {
    const float mean = static_cast<float>(MeanMagnitude(latent));
    coded.codebook = {mean, -mean};
    for (const float w : latent) coded.codes.push_back(w < 0 ? 1 : 0);
    return coded;
  }
  for (int level = 0; level <= steps_; ++level)
    coded.codebook.push_back(LevelValue(level));
  std::vector<float> squashed(latent.size());
  const float largest = Squash(latent, squashed);
  for (const float value : squashed)
    coded.codes.push_back(static_cast<uint8_t>(Level(value, largest)));
  return coded;
}

std::map<std::string, double> DorefaQuantizer::Describe(
    std::span<const float> latent) const {
  return {{"largest", LargestMagnitude(latent)}};
}

}  // namespace tritlab
