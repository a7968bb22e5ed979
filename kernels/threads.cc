#include "kernels/threads.h"

#include <omp.h>

#include <algorithm>

namespace tritlab {

void SetThreads(int threads) {
  // OpenMP itself keeps to its limit only when a loop starts, so Threads()
  // would promise more than there will be.
  const int limit = std::max(omp_get_thread_limit(), 1);
  omp_set_num_threads(std::clamp(threads, 1, limit));
}

int Threads() { return omp_get_max_threads(); }

}  // namespace tritlab
