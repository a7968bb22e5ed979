#include "training/mpi/mpi_communicator.h"

// C alone: what follows of C++ has long left the standard.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <vector>

#include "training/mpi/launch.h"

namespace tritlab {
namespace {

// MPI counts in int.
constexpr size_t kMostAtOnce = size_t{1} << 30;

// Errors of MPI calls are not looked at: MPI ends the program at them
// (MPI_ERRORS_ARE_FATAL, its default).
class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator() {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  ~MpiCommunicator() override { MPI_Finalize(); }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void AllReduceSum(std::span<float> values) override {
    Sum(values, MPI_FLOAT);
  }
  void AllReduceSum(std::span<double> values) override {
    Sum(values, MPI_DOUBLE);
  }

  // Not MPI_IN_PLACE: Open MPI then takes a binomial tree for any number of
  // ranks, whose root sends the values log2(N) times.
  void StartAllReduceSum(std::span<const float> values,
                         std::span<float> sums) override {
    while (!values.empty()) {
      const size_t part = std::min(values.size(), kMostAtOnce);
      begun_.push_back(MPI_REQUEST_NULL);
      MPI_Iallreduce(values.data(), sums.data(), static_cast<int>(part),
                     MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD, &begun_.back());
      values = values.subspan(part);
      sums = sums.subspan(part);
    }
  }
  // MPI moves what was begun only when it is called.
  void Progress() override {
    if (begun_.empty()) return;
    int all_done = 0;
    MPI_Testall(static_cast<int>(begun_.size()), begun_.data(), &all_done,
                MPI_STATUSES_IGNORE);
  }
  void Wait() override {
    MPI_Waitall(static_cast<int>(begun_.size()), begun_.data(),
                MPI_STATUSES_IGNORE);
    begun_.clear();
  }

  void Broadcast(std::span<std::byte> bytes) override {
    while (!bytes.empty()) {
      const std::span<std::byte> part =
          bytes.first(std::min(bytes.size(), kMostAtOnce));
      MPI_Bcast(part.data(), static_cast<int>(part.size()), MPI_BYTE,
                /*root=*/0, MPI_COMM_WORLD);
      bytes = bytes.subspan(part.size());
    }
  }
  void Barrier() override { MPI_Barrier(MPI_COMM_WORLD); }

 private:
  template <typename T>
  void Sum(std::span<T> values, MPI_Datatype type) {
    while (!values.empty()) {
      const std::span<T> part =
          values.first(std::min(values.size(), kMostAtOnce));
      MPI_Allreduce(MPI_IN_PLACE, part.data(), static_cast<int>(part.size()),
                    type, MPI_SUM, MPI_COMM_WORLD);
      values = values.subspan(part.size());
    }
  }

  int rank_ = 0, size_ = 1;
  std::vector<MPI_Request> begun_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Communicator>> MakeMpiCommunicator() {
  // Below 4 ranks Open MPI would send whole buckets up and down a tree, which
  // takes twice as long as a ring; from 4 on it halves and doubles. What the
  // user says (--mca) stands.
  if (LaunchedRanks() < 4) {
    setenv("OMPI_MCA_coll_libnbc_iallreduce_algorithm", "ring",
           /*overwrite=*/0);
  }
  int threads = MPI_THREAD_SINGLE;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &threads);
  if (threads < MPI_THREAD_FUNNELED) {
    MPI_Finalize();
    return absl::FailedPreconditionError(
        "this MPI does not allow threads (MPI_THREAD_FUNNELED); use one that "
        "was built with them, such as your distribution's Open MPI");
  }
  return std::make_unique<MpiCommunicator>();
}

}  // namespace tritlab
