// Batch normalization's running statistics, which evaluation normalizes with.
#ifndef TRITLAB_TRAINING_RUNNING_STATISTICS_H_
#define TRITLAB_TRAINING_RUNNING_STATISTICS_H_

#include <cstddef>
#include <span>

namespace tritlab {

// The share of the newest batch in them.
inline constexpr float kStatisticsMomentum = 0.1f;

// After a batch with this mean and biased variance, [channels], taken over
// `pixels` values a channel; the running variance is of the unbiased ones.
inline void UpdateRunningStatistics(std::span<const float> batch_mean,
                                    std::span<const float> batch_variance,
                                    double pixels, std::span<float> mean,
                                    std::span<float> variance) {
  const float unbiased =
      static_cast<float>(pixels > 1 ? pixels / (pixels - 1) : 1);
  for (size_t c = 0; c < mean.size(); ++c) {
    mean[c] += kStatisticsMomentum * (batch_mean[c] - mean[c]);
    variance[c] +=
        kStatisticsMomentum * (unbiased * batch_variance[c] - variance[c]);
  }
}

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_RUNNING_STATISTICS_H_
