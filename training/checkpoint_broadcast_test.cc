#include "training/checkpoint_broadcast.h"

#include <optional>

#include "gtest/gtest.h"
#include "training/thread_communicator_for_tests.h"

namespace tritlab {
namespace {

// All ranks go on from what rank 0 found, whatever that was; an error that it
// met does not leave the others waiting.
TEST(CheckpointBroadcastTest, AllRanksHaveWhatTheFirstFound) {
  Checkpoint found;
  found.position = std::string("a\0b", 3);
  found.tensors = {{"fc/weights", {1, -2.5f, 3}}, {"empty", {}}, {"w_p", {7}}};
  for (const int size : {1, 3}) {
    RunRanks(size, [&](Communicator& ranks) {
      using Maybe = absl::StatusOr<std::optional<Checkpoint>>;
      const bool first = ranks.rank() == 0;
      const Maybe some =
          BroadcastCheckpoint(ranks, first ? Maybe(found) : std::nullopt);
      ASSERT_TRUE(some.ok() && some->has_value());
      EXPECT_EQ((*some)->position, found.position);
      EXPECT_EQ((*some)->tensors, found.tensors);

      const Maybe none = BroadcastCheckpoint(ranks, std::nullopt);
      EXPECT_TRUE(none.ok() && !none->has_value());

      const absl::Status damaged = absl::DataLossError("damaged");
      EXPECT_EQ(BroadcastCheckpoint(
                    ranks, first ? Maybe(damaged) : Maybe(std::nullopt))
                    .status(),
                damaged);
    });
  }
}

}  // namespace
}  // namespace tritlab
