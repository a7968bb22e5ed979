#include "kernels/threads.h"

#include "gtest/gtest.h"

namespace tritlab {
namespace {

TEST(Threads, AreWhatWasSetAndAtLeastOne) {
  const int before = Threads();
  EXPECT_GE(before, 1);
  SetThreads(3);
  EXPECT_EQ(Threads(), 3);
  SetThreads(0);
  EXPECT_EQ(Threads(), 1);
  SetThreads(before);
}

}  // namespace
}  // namespace tritlab
