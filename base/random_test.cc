#include "base/random.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

using Block = std::array<uint32_t, 4>;

TEST(PhiloxTest, KnownAnswers) {
  // Random123's kat_vectors, philox4x32 10.
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}),
            (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                       {0xffffffff, 0xffffffff}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                       {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStreamTest, NumbersNeverChangeBetweenVersions) {
  // A change here changes every seeded result that anyone has written down.
  EXPECT_EQ(RandomStream(0).Bits(0), 0xe169c58d6627e8d5u);
  const RandomStream random(1, 2, 3);
  EXPECT_EQ(random.Bits(4), 0x4308cbd6c04839ccu);
  EXPECT_EQ(random.Below(4, 1000000), 261852);
  EXPECT_FLOAT_EQ(random.Normal(4), -0.0562944673f);  // up to the C library
  EXPECT_EQ(random.Permutation(8),
            (std::vector<int64_t>{6, 5, 4, 0, 1, 7, 2, 3}));
}

TEST(RandomStreamTest, AddressesAreDistinct) {
  std::set<uint64_t> seen;
  int count = 0;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    for (uint64_t index = 0; index < 4; ++index) {
      seen.insert(RandomStream(seed).Bits(index));
      ++count;
      for (uint64_t stream = 0; stream < 4; ++stream) {
        seen.insert(RandomStream(seed, stream).Bits(index));
        seen.insert(RandomStream(seed, stream, 0).Bits(index));
        seen.insert(RandomStream(seed, 0, 1, stream).Bits(index));
        count += 3;
      }
    }
  }
  EXPECT_EQ(static_cast<int>(seen.size()), count);
}

TEST(RandomStreamTest, SubstreamContinuesTheName) {
  EXPECT_EQ(RandomStream(7, 1).Substream(2).Bits(3),
            RandomStream(7, 1, 2).Bits(3));
}

TEST(RandomStreamTest, UniformHasItsMomentsAndRange) {
  const RandomStream random(3, 1);
  const int n = 100000;
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const float value = random.Uniform(i);
    ASSERT_GE(value, 0.0f);
    ASSERT_LT(value, 1.0f);
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / n, 0.5, 0.005);
  EXPECT_NEAR(squares / n, 1.0 / 3, 0.005);
}

TEST(RandomStreamTest, NormalHasItsMoments) {
  std::vector<float> values(100000);
  RandomStream(5).FillNormal(2.0f, 3.0f, values);
  double sum = 0, squares = 0, cubes = 0, beyond = 0;
  for (float value : values) {
    const double z = (value - 2.0) / 3.0;
    ASSERT_TRUE(std::isfinite(z));
    sum += z;
    squares += z * z;
    cubes += z * z * z;
    beyond += std::abs(z) > 1.959964;
  }
  const double n = values.size();
  EXPECT_NEAR(sum / n, 0, 0.015);
  EXPECT_NEAR(squares / n, 1, 0.02);
  EXPECT_NEAR(cubes / n, 0, 0.05);
  EXPECT_NEAR(beyond / n, 0.05, 0.004);
}

TEST(RandomStreamTest, BelowIsEvenAndInRange) {
  const RandomStream random(9);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) {
    const int64_t value = random.Below(i, 7);
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 7);
    ++counts[value];
  }
  for (int count : counts) EXPECT_NEAR(count, 10000, 400);
  EXPECT_EQ(random.Below(0, 1), 0);
}

TEST(RandomStreamTest, PermutationsAreWholeAndDiffer) {
  const std::vector<int64_t> order = RandomStream(1, 0).Permutation(1000);
  std::vector<int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (int64_t i = 0; i < 1000; ++i) ASSERT_EQ(sorted[i], i);
  EXPECT_NE(order, sorted);
  EXPECT_NE(order, RandomStream(1, 1).Permutation(1000));
  EXPECT_EQ(order, RandomStream(1, 0).Permutation(1000));
  EXPECT_TRUE(RandomStream(1).Permutation(0).empty());
}

TEST(RandomStreamTest, NumbersDoNotDependOnTheThread) {
  std::vector<uint64_t> parallel(1000);
  const RandomStream random(4, 2);
#pragma omp parallel for schedule(static)
  for (int i = 0; i < 1000; ++i) parallel[i] = random.Bits(i);
  for (int i = 999; i >= 0; --i) ASSERT_EQ(parallel[i], random.Bits(i));
}

}  // namespace
}  // namespace tritlab
