#include "kernels/threads.h"

#include <omp.h>

#include <algorithm>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

TEST(Threads, AreWhatWasSetWithinOneAndTheLimit) {
  const int before = Threads();
  EXPECT_GE(before, 1);
  SetThreads(3);
  EXPECT_EQ(Threads(), std::min(3, omp_get_thread_limit()));
  SetThreads(0);
  EXPECT_EQ(Threads(), 1);
  SetThreads(before);
}

TEST(Threads, AreSetForAScope) {
  const int before = Threads();
  {
    const ScopedThreads one(1);
    EXPECT_EQ(Threads(), 1);
  }
  EXPECT_EQ(Threads(), before);
}

}  // namespace
}  // namespace tritlab
