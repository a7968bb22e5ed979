#include "absl/strings/str_cat.h"
#include "training/mpi/launch.h"
#include "training/mpi/start_ranks.h"

namespace tritlab {

absl::StatusOr<std::unique_ptr<Communicator>> StartRanks() {
  if (LaunchedRanks() == 1) return nullptr;
  return absl::FailedPreconditionError(absl::StrCat(
      "started as one of ", LaunchedRanks(),
      " ranks, but built without MPI; build with --config=mpi, or start it "
      "without mpirun or srun"));
}

void AbortRanks(int) {}

}  // namespace tritlab
