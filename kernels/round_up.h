// Internal to kernels/: how much room whole vectors and blocks take.
#ifndef TRITLAB_KERNELS_ROUND_UP_H_
#define TRITLAB_KERNELS_ROUND_UP_H_

#include <cstdint>

namespace tritlab {

// The least multiple that is not below `value`, which is not negative.
inline int64_t RoundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_ROUND_UP_H_
