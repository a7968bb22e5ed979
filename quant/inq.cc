#include "quant/inq.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "quant/statistics.h"
#include "quant/straight_through.h"

namespace tritlab {
namespace {

constexpr uint64_t kPartition = 0x706172746e;  // the random stream of this file

}  // namespace

absl::StatusOr<std::unique_ptr<InqQuantizer>> InqQuantizer::Create(
    const InqSpec& spec, const QuantizedLayer& layer) {
  RETURN_IF_ERROR(CheckPowerOfTwoBits("inq", spec.bits()));
  if (spec.portions().empty()) {
    return absl::InvalidArgumentError(
        "inq.portions is empty; it must list what is frozen after each stage, "
        "accumulated, such as 0.5, 0.75, 0.875, 1");
  }
  float before = 0;
  for (const float portion : spec.portions()) {
    if (!(portion > before && portion <= 1)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "inq.portions has %g behind %g; portions must ascend, above 0 and up "
          "to 1",
          portion, before));
    }
    before = portion;
  }
  if (before != 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "inq.portions ends at %g; the last must be 1, so that all weights are "
        "quantized",
        before));
  }
  return std::unique_ptr<InqQuantizer>(new InqQuantizer(spec, layer));
}

absl::Status InqQuantizer::Initialize(std::span<const float> latent) {
  RETURN_IF_ERROR(CheckFinite(latent));
  levels_.Choose(latent);
  stages_begun_ = 0;
  frozen_.assign(latent.size(), 0);
  if (spec_.keep_zeros()) {
    std::transform(latent.begin(), latent.end(), frozen_.begin(),
                   [](float w) { return w == 0 ? 1.0f : 0.0f; });
  }
  return absl::OkStatus();
}

absl::Status InqQuantizer::BeginStage(int stage, std::span<float> latent) {
  RETURN_IF_ERROR(CheckFinite(latent));
  struct Candidate {
    double priority;  // the smallest go first
    size_t index;
    bool operator<(const Candidate& other) const {
      return std::pair(priority, index) <
             std::pair(other.priority, other.index);
    }
  };
  // Ever the same number for the same weight: the order does not depend on the
  // stages before.
  const RandomStream random(seed_, kPartition);
  const auto priority = [&](size_t i) -> double {
    switch (spec_.partition()) {
      case InqSpec::RANDOM:
        return static_cast<double>(random.Bits(i));
      case InqSpec::SMALLEST_FIRST:
        return std::abs(latent[i]);
      default:
        return -std::abs(latent[i]);
    }
  };
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < latent.size(); ++i) {
    if (frozen_[i] == 0) candidates.push_back({priority(i), i});
  }
  // Portions are of the weights that are not kept zeros.
  const auto portion_before = stage == 0 ? 0.0 : spec_.portions(stage - 1);
  const double still_free = 1.0 - portion_before;
  const double share = (spec_.portions(stage) - portion_before) / still_free;
  const auto count = static_cast<ptrdiff_t>(
      std::llround(share * static_cast<double>(candidates.size())));
  std::nth_element(candidates.begin(), candidates.begin() + count,
                   candidates.end());
  const PowerOfTwoLevels levels = levels_.levels();
  for (ptrdiff_t k = 0; k < count; ++k) {
    const size_t i = candidates[k].index;
    latent[i] = levels.Round(latent[i]);
    frozen_[i] = 1;
  }
  stages_begun_ = static_cast<float>(stage + 1);
  return absl::OkStatus();
}

void InqQuantizer::Quantize(std::span<const float> latent,
                            std::span<float> quantized) {
  if (stages_begun_ > 0) {
    std::copy(latent.begin(), latent.end(), quantized.begin());
    return;
  }
  levels_.Round(latent, quantized);
}

void InqQuantizer::Backward(std::span<const float> latent,
                            std::span<const float> grad_quantized,
                            std::span<float> grad_latent) {
  static_cast<void>(latent);
  StraightThrough(grad_quantized, grad_latent);
}

std::vector<QuantizerState> InqQuantizer::state() {
  return {levels_.state(),
          {"stages_begun", {&stages_begun_, 1}},
          {"frozen", frozen_}};
}

std::optional<CodedWeights> InqQuantizer::Encode(
    std::span<const float> latent) const {
  return levels_.levels().Encode(latent);
}

std::map<std::string, double> InqQuantizer::Describe(
    std::span<const float> latent) const {
  static_cast<void>(latent);
  double frozen = 0;
  for (const float one : frozen_) frozen += one;
  std::map<std::string, double> described = levels_.Describe();
  described["frozen"] = frozen_.empty() ? 0 : frozen / frozen_.size();
  return described;
}

}  // namespace tritlab
