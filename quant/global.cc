#include "quant/global.h"

#include "base/status_macros.h"
#include "quant/statistics.h"
#include "quant/straight_through.h"

namespace tritlab {

absl::StatusOr<std::unique_ptr<GlobalQuantizer>> GlobalQuantizer::Create(
    const GlobalSpec& spec) {
  RETURN_IF_ERROR(CheckPowerOfTwoBits("global", spec.bits()));
  return std::unique_ptr<GlobalQuantizer>(new GlobalQuantizer(spec));
}

absl::Status GlobalQuantizer::Initialize(std::span<const float> latent) {
  RETURN_IF_ERROR(CheckFinite(latent));
  levels_.Choose(latent);
  return absl::OkStatus();
}

void GlobalQuantizer::Quantize(std::span<const float> latent,
                               std::span<float> quantized) {
  levels_.Round(latent, quantized);
}

void GlobalQuantizer::Backward(std::span<const float> latent,
                               std::span<const float> grad_quantized,
                               std::span<float> grad_latent) {
  static_cast<void>(latent);
  StraightThrough(grad_quantized, grad_latent);
}

std::optional<CodedWeights> GlobalQuantizer::Encode(
    std::span<const float> latent) const {
  return levels_.levels().Encode(latent);
}

std::map<std::string, double> GlobalQuantizer::Describe(
    std::span<const float> latent) const {
  static_cast<void>(latent);
  return levels_.Describe();
}

}  // namespace tritlab
