#include "reports/runs/pareto.h"

#include <cmath>
#include <cstddef>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ParetoFront, IsByRisingCost) {
  EXPECT_THAT(ParetoFront({{4, 90}, {1, 80}, {2, 79}, {3, 85}, {5, 90}}),
              ElementsAre(1, 3, 0));
}

TEST(ParetoFront, OfEqualOnesTheFirst) {
  EXPECT_THAT(ParetoFront({{1, 80}, {1, 80}, {1, 81}, {1, 81}}),
              ElementsAre(2));
}

TEST(ParetoFront, NothingThatIsNoNumber) {
  EXPECT_THAT(ParetoFront({{NAN, 99}, {1, NAN}, {INFINITY, 99}, {2, 10}}),
              ElementsAre(3));
  EXPECT_THAT(ParetoFront({}), IsEmpty());
}

// Protects: the definition, by comparing each with each.
TEST(ParetoFront, IsWhatNothingBeats) {
  std::vector<CostAndValue> results;
  results.reserve(60);
  for (int i = 0; i < 60; ++i)
    results.push_back({double(i * 37 % 23), double(i * 53 % 29)});
  std::vector<bool> on_front(results.size(), false);
  for (const size_t i : ParetoFront(results)) on_front[i] = true;
  for (size_t i = 0; i < results.size(); ++i) {
    bool beaten = false;
    for (size_t j = 0; j < results.size(); ++j) {
      const bool no_worse = results[j].cost <= results[i].cost &&
                            results[j].value >= results[i].value;
      const bool better = results[j].cost < results[i].cost ||
                          results[j].value > results[i].value;
      beaten |= no_worse && (better || j < i);
    }
    EXPECT_EQ(on_front[i], !beaten) << i;
  }
}

}  // namespace
}  // namespace tritlab
