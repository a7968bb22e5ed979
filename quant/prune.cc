#include "quant/prune.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "quant/statistics.h"
#include "quant/straight_through.h"

namespace tritlab {

absl::StatusOr<std::unique_ptr<PruneQuantizer>> PruneQuantizer::Create(
    const PruneSpec& spec) {
  if (!spec.has_sparsity()) {
    return absl::InvalidArgumentError(
        "prune.sparsity is not set; give the share of weights that become 0, "
        "at least 0 and below 1");
  }
  if (!(spec.sparsity() >= 0 && spec.sparsity() < 1)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "prune.sparsity is %g; it must be at least 0 and below 1",
        spec.sparsity()));
  }
  return std::unique_ptr<PruneQuantizer>(new PruneQuantizer(spec));
}

absl::Status PruneQuantizer::Initialize(std::span<const float> latent) {
  RETURN_IF_ERROR(CheckFinite(latent));
  frozen_.assign(latent.size(), 0);
  const auto zeros = static_cast<size_t>(
      std::lround(static_cast<double>(spec_.sparsity()) * latent.size()));
  // The first ones among equals, so that no more are pruned than were asked
  // for.
  std::vector<size_t> order(latent.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::nth_element(order.begin(), order.begin() + zeros, order.end(),
                   [&](size_t a, size_t b) {
                     return std::pair(std::abs(latent[a]), a) <
                            std::pair(std::abs(latent[b]), b);
                   });
  for (size_t i = 0; i < zeros; ++i) frozen_[order[i]] = 1;
  return absl::OkStatus();
}

absl::Status PruneQuantizer::BeginStage(int stage, std::span<float> latent) {
  static_cast<void>(stage);
  for (size_t i = 0; i < latent.size(); ++i) {
    if (frozen_[i] != 0) latent[i] = 0;
  }
  return absl::OkStatus();
}

void PruneQuantizer::Quantize(std::span<const float> latent,
                              std::span<float> quantized) {
  for (size_t i = 0; i < latent.size(); ++i)
    quantized[i] = frozen_[i] != 0 ? 0.0f : latent[i];
}

void PruneQuantizer::Backward(std::span<const float> latent,
                              std::span<const float> grad_quantized,
                              std::span<float> grad_latent) {
  static_cast<void>(latent);
  StraightThrough(grad_quantized, grad_latent);
}

std::optional<CodedWeights> PruneQuantizer::Encode(
    std::span<const float> latent) const {
  static_cast<void>(latent);
  return std::nullopt;
}

std::map<std::string, double> PruneQuantizer::Describe(
    std::span<const float> latent) const {
  static_cast<void>(latent);
  double pruned = 0;
  for (const float one : frozen_) pruned += one;
  return {{"pruned", frozen_.empty() ? 0 : pruned / frozen_.size()}};
}

}  // namespace tritlab
