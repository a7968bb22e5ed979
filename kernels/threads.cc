#include "kernels/threads.h"

#include <omp.h>

#include <algorithm>

namespace tritlab {

void SetThreads(int threads) { omp_set_num_threads(std::max(threads, 1)); }

int Threads() { return omp_get_max_threads(); }

}  // namespace tritlab
