#include "inference/calibration.h"

#include <algorithm>
#include <cmath>

namespace tritlab {
namespace {

constexpr double kPercentile = 0.9999;

}  // namespace

void ActivationHistogram::Add(std::span<const float> values) {
  for (const float value : values) {
    const float magnitude = std::abs(value);
    if (!std::isfinite(magnitude)) continue;
    has_negative_ = has_negative_ || value < 0;
    largest_ = std::max(largest_, magnitude);
    while (magnitude >= range_) {
      for (int bin = 0; bin < kBins / 2; ++bin)
        counts_[bin] = counts_[2 * bin] + counts_[2 * bin + 1];
      std::fill(counts_.begin() + kBins / 2, counts_.end(), 0);
      range_ *= 2;
    }
    ++counts_[static_cast<int>(magnitude / BinWidth())];
    ++total_;
    zeros_ += magnitude == 0;
  }
}

float ActivationHistogram::Clip(ClipMethod method, bool is_signed) const {
  if (total_ == 0) return 0;
  // Where all values are 0, any step will do.
  const float smallest = 1e-6f;
  if (method == ClipMethod::kLargest || largest_ <= smallest)
    return std::max(largest_, smallest);
  if (method == ClipMethod::kPercentile) {
    const auto wanted = static_cast<int64_t>(
        std::ceil(kPercentile * static_cast<double>(total_)));
    int64_t seen = 0;
    for (int bin = 0; bin < kBins; ++bin) {
      seen += counts_[bin];
      if (seen >= wanted)
        return static_cast<float>(
            std::min<double>((bin + 1) * BinWidth(), largest_));
    }
  }
  // Values within the clip are off by step / sqrt(12) in the mean, but 0
  // (behind a ReLU every second one) by nothing; those beyond by what is cut
  // off.
  const double steps = is_signed ? 127 : 255;
  double best_error = INFINITY, best = largest_;
  constexpr int kCandidates = 128;
  for (int candidate = kCandidates / 8; candidate <= kCandidates; ++candidate) {
    const double clip = largest_ * static_cast<double>(candidate) / kCandidates;
    const double rounding = clip / steps * (clip / steps) / 12;
    double error = 0;
    for (int bin = 0; bin < kBins; ++bin) {
      if (counts_[bin] == 0) continue;
      const double beyond = (bin + 0.5) * BinWidth() - clip;
      const int64_t count = counts_[bin] - (bin == 0 ? zeros_ : 0);
      error += static_cast<double>(count) *
               (beyond > 0 ? beyond * beyond : rounding);
    }
    if (error < best_error) {
      best_error = error;
      best = clip;
    }
  }
  return static_cast<float>(best);
}

}  // namespace tritlab
