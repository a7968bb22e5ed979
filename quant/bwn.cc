#include "quant/bwn.h"

#include <cmath>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "quant/statistics.h"

namespace tritlab {

absl::StatusOr<std::unique_ptr<BwnQuantizer>> BwnQuantizer::Create(
    const BwnSpec& spec, const QuantizedLayer& layer) {
  static_cast<void>(spec);
  if (layer.outputs < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("bwn: layer ", layer.name, " has no output channels"));
  }
  return std::unique_ptr<BwnQuantizer>(new BwnQuantizer(layer.outputs));
}

absl::Status BwnQuantizer::Initialize(std::span<const float> latent) {
  return CheckFinite(latent);
}

float BwnQuantizer::Alpha(std::span<const float> channel) const {
  return static_cast<float>(MeanMagnitude(channel));
}

void BwnQuantizer::Quantize(std::span<const float> latent,
                            std::span<float> quantized) {
  const size_t n = latent.size() / outputs_;
  for (int64_t channel = 0; channel < outputs_; ++channel) {
    const size_t begin = channel * n;
    const float alpha = Alpha(latent.subspan(begin, n));
    for (size_t i = begin; i < begin + n; ++i)
      quantized[i] = latent[i] < 0 ? -alpha : alpha;
  }
}

void BwnQuantizer::Backward(std::span<const float> latent,
                            std::span<const float> grad_quantized,
                            std::span<float> grad_latent) {
  const size_t n = latent.size() / outputs_;
  const float own = 1.0f / static_cast<float>(n);
  for (int64_t channel = 0; channel < outputs_; ++channel) {
    const size_t begin = channel * n;
    const float alpha = Alpha(latent.subspan(begin, n));
    for (size_t i = begin; i < begin + n; ++i) {
      const float through = std::abs(latent[i]) <= 1 ? alpha : 0.0f;
      grad_latent[i] = grad_quantized[i] * (own + through);
    }
  }
}

std::optional<CodedWeights> BwnQuantizer::Encode(
    std::span<const float> latent) const {
  const size_t n = latent.size() / outputs_;
  CodedWeights coded;
  coded.bits = 1;
  coded.codebook = {1.0f, -1.0f};
  for (int64_t channel = 0; channel < outputs_; ++channel)
    coded.channel_scales.push_back(Alpha(latent.subspan(channel * n, n)));
  coded.codes.reserve(latent.size());
  for (const float w : latent) coded.codes.push_back(w < 0 ? 1 : 0);
  return coded;
}

std::map<std::string, double> BwnQuantizer::Describe(
    std::span<const float> latent) const {
  // The mean of the channels' scales is that of all weights.
  return {{"mean_alpha", MeanMagnitude(latent)}};
}

}  // namespace tritlab
