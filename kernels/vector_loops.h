// Internal to kernels/: how loops over long arrays are spread over threads.
#ifndef TRITLAB_KERNELS_VECTOR_LOOPS_H_
#define TRITLAB_KERNELS_VECTOR_LOOPS_H_

#include <omp.h>

#include <algorithm>
#include <cstdint>

#include "base/vector_clones.h"

namespace tritlab {

// Calls function(begin, end) with the parts of [0, count), one for each thread.
// Parts begin at multiples of `grain`; less than `serial_below` is not worth
// waking other threads for.
template <typename Function>
void ParallelFor(int64_t count, int64_t grain, int64_t serial_below,
                 Function function) {
  if (count < serial_below || omp_get_max_threads() == 1) {
    if (count > 0) function(int64_t{0}, count);
    return;
  }
#pragma omp parallel
  {
    const int64_t threads = omp_get_num_threads();
    const int64_t grains = (count + grain - 1) / grain;
    const int64_t part = (grains + threads - 1) / threads * grain;
    const int64_t begin = std::min(omp_get_thread_num() * part, count);
    const int64_t end = std::min(begin + part, count);
    if (begin < end) function(begin, end);
  }
}

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_VECTOR_LOOPS_H_
