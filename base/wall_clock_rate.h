// Rates of a Google Benchmark by wall time. By itself it divides by the calling
// thread's CPU time, which leaves waiting for other threads out, and its own
// switch for wall time (UseRealTime) changes the benchmark's name.
//
//   const WallClockRate rate;
//   for (auto _ : state) ...
//   rate.SetItemsProcessed(state, state.iterations() * batch);
#ifndef TRITLAB_BASE_WALL_CLOCK_RATE_H_
#define TRITLAB_BASE_WALL_CLOCK_RATE_H_

#include <chrono>
#include <cstdint>

#include "benchmark/benchmark.h"

namespace tritlab {

// Time runs from the construction on.
class WallClockRate {
 public:
  // Sets items_per_second.
  void SetItemsProcessed(benchmark::State& state, int64_t items) const {
    state.counters["items_per_second"] = static_cast<double>(items) / Seconds();
  }
  // Sets bytes_per_second.
  void SetBytesProcessed(benchmark::State& state, int64_t bytes) const {
    state.counters["bytes_per_second"] = benchmark::Counter(
        static_cast<double>(bytes) / Seconds(), benchmark::Counter::kDefaults,
        benchmark::Counter::OneK::kIs1024);
  }

 private:
  using Clock = std::chrono::steady_clock;
  double Seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
  }

  const Clock::time_point start_ = Clock::now();
};

}  // namespace tritlab

#endif  // TRITLAB_BASE_WALL_CLOCK_RATE_H_
