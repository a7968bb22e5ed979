#include "quant/twn.h"

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "quant/statistics.h"
#include "quant/straight_through.h"

namespace tritlab {

absl::StatusOr<std::unique_ptr<TwnQuantizer>> TwnQuantizer::Create(
    const TwnSpec& spec) {
  if (!(spec.threshold_factor() >= 0 && spec.threshold_factor() < 10)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "twn.threshold_factor is %g; it must be at least 0 and below 10",
        spec.threshold_factor()));
  }
  return std::unique_ptr<TwnQuantizer>(new TwnQuantizer(spec));
}

absl::Status TwnQuantizer::Initialize(std::span<const float> latent) {
  return CheckFinite(latent);
}

TwnQuantizer::Scale TwnQuantizer::ScaleOf(std::span<const float> latent) const {
  const double factor = spec_.has_threshold_factor() ? spec_.threshold_factor()
                                                     : kDefaultThresholdFactor;
  Scale scale;
  scale.threshold = static_cast<float>(factor * MeanMagnitude(latent));
  double sum = 0;
  int64_t kept = 0;
  for (const float w : latent) {
    if (std::abs(w) <= scale.threshold) continue;  // what is no number counts
    sum += std::abs(w);
    ++kept;
  }
  if (kept > 0) scale.alpha = static_cast<float>(sum / kept);
  return scale;
}

void TwnQuantizer::Quantize(std::span<const float> latent,
                            std::span<float> quantized) {
  const Scale scale = ScaleOf(latent);
  for (size_t i = 0; i < latent.size(); ++i) {
    quantized[i] = std::abs(latent[i]) <= scale.threshold
                       ? 0.0f
                       : std::copysign(scale.alpha, latent[i]);
  }
}

void TwnQuantizer::Backward(std::span<const float> latent,
                            std::span<const float> grad_quantized,
                            std::span<float> grad_latent) {
  static_cast<void>(latent);
  StraightThrough(grad_quantized, grad_latent);
}

std::optional<CodedWeights> TwnQuantizer::Encode(
    std::span<const float> latent) const {
  const Scale scale = ScaleOf(latent);
  CodedWeights coded;
  coded.bits = 2;
  coded.codebook = {0.0f, scale.alpha, -scale.alpha};
  coded.codes.reserve(latent.size());
  for (const float w : latent) {
    coded.codes.push_back(std::abs(w) <= scale.threshold ? 0
                          : std::signbit(w)              ? 2
                                                         : 1);
  }
  return coded;
}

std::map<std::string, double> TwnQuantizer::Describe(
    std::span<const float> latent) const {
  const Scale scale = ScaleOf(latent);
  return {{"alpha", scale.alpha}, {"threshold", scale.threshold}};
}

}  // namespace tritlab
