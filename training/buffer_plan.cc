#include "training/buffer_plan.h"

#include <algorithm>
#include <numeric>

namespace tritlab {

int BufferPlan::Acquire(size_t bytes) {
  // The smallest free buffer that is large enough; else the largest free one
  // grows; else a new one.
  int best = -1;
  for (int i = 0; i < static_cast<int>(bytes_.size()); ++i) {
    if (users_[i] > 0) continue;
    const bool fits = bytes_[i] >= bytes;
    const bool better =
        best < 0 || (fits ? bytes_[best] < bytes || bytes_[i] < bytes_[best]
                          : bytes_[best] < bytes && bytes_[i] > bytes_[best]);
    if (better) best = i;
  }
  if (best < 0) {
    best = static_cast<int>(bytes_.size());
    bytes_.push_back(0);
    users_.push_back(0);
  }
  bytes_[best] = std::max(bytes_[best], bytes);
  users_[best] = 1;
  return best;
}

Buffers BufferPlan::Borrow(const Buffers& lent) const {
  std::vector<int> largest_first(bytes_.size());
  std::iota(largest_first.begin(), largest_first.end(), 0);
  std::stable_sort(largest_first.begin(), largest_first.end(),
                   [&](int a, int b) { return bytes_[a] > bytes_[b]; });
  Buffers borrowed(bytes_.size()), left = lent;
  for (const int i : largest_first) {
    auto best = left.end();
    for (auto at = left.begin(); at != left.end(); ++at) {
      const bool fits = (*at)->bytes() >= bytes_[i];
      if (fits && (best == left.end() || (*at)->bytes() < (*best)->bytes()))
        best = at;
    }
    if (best == left.end()) continue;
    borrowed[i] = *best;
    left.erase(best);
  }
  return borrowed;
}

size_t BufferPlan::total_bytes(const Buffers& lent) const {
  const Buffers borrowed = Borrow(lent);
  size_t bytes = 0;
  for (size_t i = 0; i < bytes_.size(); ++i)
    bytes += borrowed[i] == nullptr ? bytes_[i] : 0;
  return bytes;
}

Buffers BufferPlan::Allocate(const Buffers& lent) const {
  Buffers buffers = Borrow(lent);
  for (size_t i = 0; i < bytes_.size(); ++i) {
    if (buffers[i] == nullptr) buffers[i] = std::make_shared<Buffer>(bytes_[i]);
  }
  return buffers;
}

}  // namespace tritlab
