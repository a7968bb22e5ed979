// Internal to kernels/: memory that is fetched while something else is computed
// from what is near already.
#ifndef TRITLAB_KERNELS_WEIGHT_GRADIENT_FETCHING_H_
#define TRITLAB_KERNELS_WEIGHT_GRADIENT_FETCHING_H_

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/intrinsics.h"

namespace tritlab {

#if defined(__x86_64__)
// Some memory that comes into the second-level cache in so many steps. What
// lies beyond the array's end does no harm.
class Fetching {
 public:
  Fetching() = default;
  Fetching(const BFloat16* begin, int64_t count, int64_t steps)
      : next_(reinterpret_cast<const char*>(begin)),
        bytes_((count * static_cast<int64_t>(sizeof(BFloat16)) + steps - 1) /
               steps) {}

  void Go() {
    for (int64_t at = 0; at < bytes_; at += 64)
      _mm_prefetch(next_ + at, _MM_HINT_T1);
    next_ += bytes_;
  }

 private:
  const char* next_ = nullptr;
  int64_t bytes_ = 0;  // a step
};
#endif  // defined(__x86_64__)

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_WEIGHT_GRADIENT_FETCHING_H_
