// Internal to kernels/: how loops over long arrays are spread over threads and
// vector instructions.
#ifndef TRITLAB_KERNELS_VECTOR_LOOPS_H_
#define TRITLAB_KERNELS_VECTOR_LOOPS_H_

#include <omp.h>

#include <algorithm>
#include <cstdint>

// Before a function: compiles it once for each of these instruction sets and
// takes the best that the processor has when the program is loaded. What the
// function calls must be always_inline to be compiled along. The parallel
// region belongs outside: the compiler moves its body to a function of its own
// that is not cloned. Sanitizers instrument the choice itself, which runs
// before they are ready; .bazelrc says TRITLAB_SANITIZER there.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(TRITLAB_SANITIZER)
#define TRITLAB_VECTOR_CLONES \
  __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define TRITLAB_VECTOR_CLONES
#endif
#define TRITLAB_ALWAYS_INLINE inline __attribute__((always_inline))

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
