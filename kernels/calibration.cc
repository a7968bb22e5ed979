#include "kernels/calibration.h"

#include <array>
#include <chrono>
#include <cstdint>

#include "kernels/threads.h"

namespace tritlab {
namespace {

constexpr int kSize = internal::kCalibrationSize;
constexpr int64_t kProductWork = int64_t{kSize} * kSize * kSize;
constexpr int kProductsAtOnce = 64;  // between looks at the clock

using Matrix = std::array<float, kSize * kSize>;

// A thread's matrices, on cache lines of their own.
struct alignas(64) Work {
  Matrix a, b, c;
};

// Keeps the compiler from dropping a product that nothing reads.
void Keep(const float* values) { asm volatile("" : : "r"(values) : "memory"); }

void MultiplySomeTimes(Work& work) {
  for (int i = 0; i < kProductsAtOnce; ++i) {
    internal::CalibrationProduct(work.a.data(), work.b.data(), work.c.data());
    Keep(work.c.data());
  }
}

}  // namespace

namespace internal {

void CalibrationProduct(const float* a, const float* b, float* c) {
  for (int row = 0; row < kSize; ++row) {
    for (int k = 0; k < kSize; ++k) {
      const float factor = a[row * kSize + k];
      for (int column = 0; column < kSize; ++column)
        c[row * kSize + column] += factor * b[k * kSize + column];
    }
  }
}

}  // namespace internal

double CalibrationSpeed(double seconds) {
  using Clock = std::chrono::steady_clock;
  const int threads = Threads();
  int64_t products = 0;
  const Clock::time_point begin = Clock::now();
#pragma omp parallel num_threads(threads) reduction(+ : products)
  {
    Work work;
    // Small whole numbers: no sum is ever rounded, infinite or denormal, which
    // would take another time.
    work.a.fill(0);
    for (int i = 0; i < kSize; ++i) work.a[i * kSize + (i + 1) % kSize] = 1;
    for (int i = 0; i < kSize * kSize; ++i)
      work.b[i] = (i % 3 == 0 ? 1.0f : i % 3 == 1 ? -1.0f : 0.0f);
    work.c.fill(0);
    do {
      MultiplySomeTimes(work);
      products += kProductsAtOnce;
    } while (std::chrono::duration<double>(Clock::now() - begin).count() <
             seconds);
  }
  const double passed =
      std::chrono::duration<double>(Clock::now() - begin).count();
  return static_cast<double>(products * kProductWork) / passed;
}

}  // namespace tritlab
