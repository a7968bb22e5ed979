// What the ranks of a training say to each other: programs that train one
// network together, each on its share of every batch (data parallelism). Knows
// nothing of how the words travel; training/mpi/ has MPI.
//
// All calls but rank() and size() are collective: each rank makes the same ones
// in the same order, with as many values. The results are the same bits on all
// ranks, and in every run with the same number of ranks. A rank that is lost
// ends the others; no call returns an error.
#ifndef TRITLAB_TRAINING_COMMUNICATOR_H_
#define TRITLAB_TRAINING_COMMUNICATOR_H_

#include <cstddef>
#include <span>

#include "absl/status/status.h"

namespace tritlab {

class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual int rank() const = 0;  // 0 to size() - 1
  virtual int size() const = 0;

  // values[i] = the sum of all ranks' values[i].
  virtual void AllReduceSum(std::span<float> values) = 0;
  virtual void AllReduceSum(std::span<double> values) = 0;

  // The same, begun: sums[i] will be the sum of all ranks' values[i]. Until
  // Wait, which ends all that were begun, the caller writes neither and reads
  // no sums. Two places rather than one, because MPI libraries know better ways
  // then. Progress lets what was begun go on and is no collective call; it is
  // worth calling now and then between.
  virtual void StartAllReduceSum(std::span<const float> values,
                                 std::span<float> sums) = 0;
  virtual void Progress() = 0;
  virtual void Wait() = 0;

  // Rank 0's bytes, on all ranks.
  virtual void Broadcast(std::span<std::byte> bytes) = 0;
  // Returns once every rank has called it.
  virtual void Barrier() = 0;
};

// A training that is alone.
Communicator& SingleRank();

// What all ranks make of what each one has met: Ok when all are, else, on every
// rank, the status of the first that is not, with its rank named. Collective.
absl::Status Agree(Communicator& ranks, const absl::Status& status);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_COMMUNICATOR_H_
