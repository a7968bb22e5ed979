#include "quant/ttq.h"

#include <cmath>
#include <cstddef>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "quant/statistics.h"

namespace tritlab {
namespace {

// Codes of the packed network, and the codebook's order.
enum Code : uint8_t { kZero = 0, kPositive = 1, kNegative = 2 };

}  // namespace

absl::StatusOr<std::unique_ptr<TtqQuantizer>> TtqQuantizer::Create(
    const TtqSpec& spec) {
  const auto check = [](const char* field, float value, float limit) {
    if (value >= 0 && value < limit) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrFormat("ttq.%s is %g; it must be at least 0 and below %g",
                        field, value, limit));
  };
  RETURN_IF_ERROR(check("threshold_factor", spec.threshold_factor(), 1));
  RETURN_IF_ERROR(check("sparsity", spec.sparsity(), 1));
  RETURN_IF_ERROR(check("mean_factor", spec.mean_factor(), 10));
  return std::unique_ptr<TtqQuantizer>(new TtqQuantizer(spec));
}

size_t TtqQuantizer::ZerosOf(size_t weights) const {
  return static_cast<size_t>(
      std::lround(static_cast<double>(spec_.sparsity()) * weights));
}

float TtqQuantizer::Threshold(std::span<const float> latent) const {
  if (spec_.has_sparsity()) {
    const size_t zeros = ZerosOf(latent.size());
    return zeros == 0 ? 0 : MagnitudeOfRank(latent, zeros);
  }
  if (spec_.has_mean_factor()) {
    return static_cast<float>(spec_.mean_factor() * MeanMagnitude(latent));
  }
  const float factor = spec_.has_threshold_factor() ? spec_.threshold_factor()
                                                    : kDefaultThresholdFactor;
  return factor * LargestMagnitude(latent);
}

TtqQuantizer::Cut TtqQuantizer::CutOf(std::span<const float> latent) const {
  Cut cut = {.threshold = Threshold(latent), .ties_end = latent.size()};
  if (!spec_.has_sparsity() || !(cut.threshold > 0) ||
      !std::isfinite(cut.threshold))
    return cut;
  size_t zeros = ZerosOf(latent.size());
  for (const float w : latent) zeros -= std::abs(w) < cut.threshold;
  for (size_t i = 0; i < latent.size(); ++i) {
    if (std::abs(latent[i]) != cut.threshold) continue;
    if (zeros == 0) {
      cut.ties_end = i;
      break;
    }
    --zeros;
  }
  return cut;
}

template <typename Visit>
void TtqQuantizer::ForEachRange(const Cut& cut, size_t weights, Visit visit) {
  visit(size_t{0}, cut.ties_end, cut.threshold);
  if (cut.ties_end < weights)
    visit(cut.ties_end, weights, std::nextafter(cut.threshold, 0.0f));
}

absl::Status TtqQuantizer::Initialize(std::span<const float> latent) {
  RETURN_IF_ERROR(CheckFinite(latent));
  cut_ = CutOf(latent);
  if (spec_.initial_scales() != TtqSpec::MEAN_MAGNITUDE)
    return absl::OkStatus();
  double sums[2] = {0, 0};
  int64_t counts[2] = {0, 0};
  ForEachRange(cut_, latent.size(),
               [&](size_t begin, size_t end, float threshold) {
                 for (size_t i = begin; i < end; ++i) {
                   const float w = latent[i];
                   if (std::abs(w) <= threshold) continue;
                   const int side = w > 0 ? 0 : 1;
                   sums[side] += std::abs(w);
                   ++counts[side];
                 }
               });
  // A side without weights keeps 1: nothing is computed with it until a weight
  // crosses the threshold.
  for (int side = 0; side < 2; ++side) {
    if (counts[side] > 0)
      scales_[side].value = static_cast<float>(sums[side] / counts[side]);
  }
  return absl::OkStatus();
}

void TtqQuantizer::Quantize(std::span<const float> latent,
                            std::span<float> quantized) {
  cut_ = CutOf(latent);
  const float w_p = scales_[0].value, w_n = scales_[1].value;
  // What is no number stays none: the loss must show that training diverged.
  const float undefined = std::numeric_limits<float>::quiet_NaN();
  const float zero = std::isfinite(cut_.threshold) ? 0.0f : undefined;
  ForEachRange(
      cut_, latent.size(), [&](size_t begin, size_t end, float threshold) {
        for (size_t i = begin; i < end; ++i) {
          const float w = latent[i];
          const float below = w == w ? zero : undefined;
          quantized[i] = w > threshold ? w_p : w < -threshold ? -w_n : below;
        }
      });
}

void TtqQuantizer::Backward(std::span<const float> latent,
                            std::span<const float> grad_quantized,
                            std::span<float> grad_latent) {
  const TtqSpec::LearningRateMultipliers multipliers =
      spec_.learning_rate_multipliers();
  const bool neither = multipliers == TtqSpec::NEITHER;
  const float above =
      neither || multipliers == TtqSpec::NEGATIVE ? 1.0f : scales_[0].value;
  const float below =
      neither || multipliers == TtqSpec::POSITIVE ? 1.0f : scales_[1].value;
  double sum_above = 0, sum_below = 0;
  ForEachRange(cut_, latent.size(),
               [&](size_t begin, size_t end, float threshold) {
                 for (size_t i = begin; i < end; ++i) {
                   const float g = grad_quantized[i];
                   if (latent[i] > threshold) {
                     sum_above += g;
                     grad_latent[i] = above * g;
                   } else if (latent[i] < -threshold) {
                     sum_below += g;
                     grad_latent[i] = below * g;
                   } else {
                     grad_latent[i] = g;
                   }
                 }
               });
  scales_[0].gradient = static_cast<float>(sum_above);
  scales_[1].gradient = static_cast<float>(-sum_below);
}

std::optional<CodedWeights> TtqQuantizer::Encode(
    std::span<const float> latent) const {
  CodedWeights coded;
  coded.codebook = {0.0f, scales_[0].value, -scales_[1].value};
  coded.bits = 2;
  coded.codes.reserve(latent.size());
  ForEachRange(CutOf(latent), latent.size(),
               [&](size_t begin, size_t end, float threshold) {
                 for (size_t i = begin; i < end; ++i) {
                   const float w = latent[i];
                   coded.codes.push_back(w > threshold    ? kPositive
                                         : w < -threshold ? kNegative
                                                          : kZero);
                 }
               });
  return coded;
}

std::map<std::string, double> TtqQuantizer::Describe(
    std::span<const float> latent) const {
  const double threshold = Threshold(latent);
  const float largest = LargestMagnitude(latent);
  return {{"w_p", scales_[0].value},
          {"w_n", scales_[1].value},
          {"threshold", threshold},
          // The paper's t, whatever the threshold follows.
          {"threshold_factor", largest > 0 ? threshold / largest : 0}};
}

}  // namespace tritlab
