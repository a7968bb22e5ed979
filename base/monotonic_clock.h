// Seconds for durations: of a clock that no correction of the date moves.
#ifndef TRITLAB_BASE_MONOTONIC_CLOCK_H_
#define TRITLAB_BASE_MONOTONIC_CLOCK_H_

#include <chrono>

namespace tritlab {

// Since a moment that is the same for the whole program.
inline double MonotonicSeconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace tritlab

#endif  // TRITLAB_BASE_MONOTONIC_CLOCK_H_
