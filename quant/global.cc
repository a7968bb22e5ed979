#include "quant/global.h"

#include <algorithm>

#include "base/status_macros.h"
#include "quant/statistics.h"
#include "quant/straight_through.h"

namespace tritlab {

absl::StatusOr<std::unique_ptr<GlobalQuantizer>> GlobalQuantizer::Create(
    const GlobalSpec& spec) {
  RETURN_IF_ERROR(CheckPowerOfTwoBits("global", spec.bits()));
  return std::unique_ptr<GlobalQuantizer>(new GlobalQuantizer(spec));
}

PowerOfTwoLevels GlobalQuantizer::levels() const {
  return PowerOfTwoLevels(static_cast<int>(exponents_[0]),
                          static_cast<int>(exponents_[1]), spec_.bits());
}

absl::Status GlobalQuantizer::Initialize(std::span<const float> latent) {
  RETURN_IF_ERROR(CheckFinite(latent));
  const PowerOfTwoLevels levels(LargestMagnitude(latent), spec_.bits());
  exponents_[0] = static_cast<float>(levels.largest_exponent());
  exponents_[1] = static_cast<float>(levels.smallest_exponent());
  return absl::OkStatus();
}

void GlobalQuantizer::Quantize(std::span<const float> latent,
                               std::span<float> quantized) {
  const PowerOfTwoLevels levels = this->levels();
  std::transform(latent.begin(), latent.end(), quantized.begin(),
                 [&](float w) { return levels.Round(w); });
}

void GlobalQuantizer::Backward(std::span<const float> latent,
                               std::span<const float> grad_quantized,
                               std::span<float> grad_latent) {
  static_cast<void>(latent);
  StraightThrough(grad_quantized, grad_latent);
}

std::optional<CodedWeights> GlobalQuantizer::Encode(
    std::span<const float> latent) const {
  return levels().Encode(latent);
}

std::map<std::string, double> GlobalQuantizer::Describe(
    std::span<const float> latent) const {
  static_cast<void>(latent);
  return {{"n1", exponents_[0]}, {"n2", exponents_[1]}};
}

}  // namespace tritlab
