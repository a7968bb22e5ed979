// Internal to kernels/: what all ways to compute a weights' gradient do alike.
// Each thread sums over its share of the batch's rows; then the shares are
// added up, in their order.
#ifndef TRITLAB_KERNELS_WEIGHT_GRADIENT_WEIGHT_GRADIENT_IN_SHARES_H_
#define TRITLAB_KERNELS_WEIGHT_GRADIENT_WEIGHT_GRADIENT_IN_SHARES_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/bfloat16.h"
#include "kernels/threads.h"
#include "kernels/weight_gradient/bfloat16_weight_gradient.h"

namespace tritlab {

// Plan: sum_bytes() of a thread, batch_rows(), which are shared out, and
// sum_parts(), which are collected each by itself. Share: made from a plan, to
// which it may hold a reference; kName; Sum(input, grad_output, begin, end) of
// rows; the static Collect(plan, shares, part, grad_weights).
template <typename Plan, typename Share>
class WeightGradientInShares final : public BFloat16WeightGradient {
 public:
  explicit WeightGradientInShares(const Plan& plan) : plan_(plan) {
    for (int thread = 0; thread < Threads(); ++thread)
      shares_.emplace_back(plan_);
  }
  // shares_ hold a reference to plan_.
  WeightGradientInShares(const WeightGradientInShares&) = delete;
  WeightGradientInShares& operator=(const WeightGradientInShares&) = delete;

  // Null where the sums of all threads are too large: adding them up must not
  // take long beside making them.
  static std::unique_ptr<BFloat16WeightGradient> Create(const Plan& plan) {
    if (Threads() * plan.sum_bytes() > kMostSumBytes) return nullptr;
    return std::make_unique<WeightGradientInShares>(plan);
  }

  void Run(const BFloat16* input, const BFloat16* grad_output,
           std::span<float> grad_weights) override {
    const auto threads = static_cast<int64_t>(shares_.size());
    const int64_t rows = plan_.batch_rows();
#pragma omp parallel num_threads(static_cast <int>(threads))
    {
#pragma omp for schedule(static)
      for (int64_t t = 0; t < threads; ++t) {
        shares_[t].Sum(input, grad_output, rows * t / threads,
                       rows * (t + 1) / threads);
      }
#pragma omp for schedule(static)
      for (int64_t part = 0; part < plan_.sum_parts(); ++part)
        Share::Collect(plan_, shares_, part, grad_weights);
    }
  }

  std::string Name() const override { return Share::kName; }

 private:
  const Plan plan_;
  std::vector<Share> shares_;  // [thread]
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_WEIGHT_GRADIENT_WEIGHT_GRADIENT_IN_SHARES_H_
