#include "training/buffer_plan.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

TEST(BufferPlanTest, BuffersInUseAreNeverHandedOutAgain) {
  BufferPlan plan;
  const int a = plan.Acquire(100), b = plan.Acquire(10);
  EXPECT_NE(a, b);
  plan.Share(a);
  plan.Release(a);
  EXPECT_NE(plan.Acquire(100), a) << "a still has one user";
}

TEST(BufferPlanTest, ReleasedMemoryIsUsedAgainAndTheSmallestThatFitsIsTaken) {
  BufferPlan plan;
  const int large = plan.Acquire(1000), small = plan.Acquire(100);
  plan.Release(large);
  plan.Release(small);
  EXPECT_EQ(plan.Acquire(90), small);
  EXPECT_EQ(plan.Acquire(90), large);
  EXPECT_EQ(plan.Allocate().size(), 2u);
}

TEST(BufferPlanTest, BuffersGrowToTheirLargestUse) {
  BufferPlan plan;
  const int buffer = plan.Acquire(10);
  plan.Release(buffer);
  EXPECT_EQ(plan.Acquire(5000), buffer);
  EXPECT_GE(plan.Allocate()[buffer]->bytes(), 5000u);
}

// Protects: what is lent is used, each buffer of it once, and is not counted.
TEST(BufferPlanTest, LentBuffersServeWhereTheyAreLargeEnough) {
  BufferPlan plan;
  const int small = plan.Acquire(50), large = plan.Acquire(1000);
  const int medium = plan.Acquire(100);
  const Buffers lent = {std::make_shared<Buffer>(100),
                        std::make_shared<Buffer>(70)};
  const Buffers buffers = plan.Allocate(lent);
  EXPECT_EQ(buffers[medium], lent[0]);
  EXPECT_EQ(buffers[small], lent[1]);
  EXPECT_GE(buffers[large]->bytes(), 1000u);
  EXPECT_EQ(plan.total_bytes(lent), 1000u);
  EXPECT_EQ(plan.total_bytes(), 1150u);
}

}  // namespace
}  // namespace tritlab
