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

size_t BufferPlan::total_bytes() const {
  return std::accumulate(bytes_.begin(), bytes_.end(), size_t{0});
}

std::vector<Buffer> BufferPlan::Allocate() const {
  std::vector<Buffer> buffers;
  for (const size_t bytes : bytes_) buffers.emplace_back(bytes);
  return buffers;
}

}  // namespace tritlab
