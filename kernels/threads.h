// The number of threads that kernels run on, and how a loop is spread over
// them. OpenMP's pool is the only one, shared with oneDNN.
//
// Set the number before kernel objects are created: each is planned for the
// number of threads at that moment, and gives the same bits from run to run
// only with that number. Loops of our own (elementwise.h,
// softmax_cross_entropy.h) give the same bits with any number.
#ifndef TRITLAB_KERNELS_THREADS_H_
#define TRITLAB_KERNELS_THREADS_H_

#include <cstdint>

namespace tritlab {

// For parallel loops that the calling thread starts from now on; at least 1, at
// most OMP_THREAD_LIMIT.
void SetThreads(int threads);
// What the calling thread's next parallel loop will use.
int Threads();

// Sets the number of threads while it lives.
class ScopedThreads {
 public:
  explicit ScopedThreads(int threads) : before_(Threads()) {
    SetThreads(threads);
  }
  ~ScopedThreads() { SetThreads(before_); }
  ScopedThreads(const ScopedThreads&) = delete;
  ScopedThreads& operator=(const ScopedThreads&) = delete;

 private:
  const int before_;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_THREADS_H_
