// C alone: what follows of C++ has long left the standard.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "training/mpi/launch.h"
#include "training/mpi/mpi_communicator.h"
#include "training/mpi/start_ranks.h"

namespace tritlab {

absl::StatusOr<std::unique_ptr<Communicator>> StartRanks() {
  // MPI's start takes a moment that a program which is alone can save.
  if (LaunchedRanks() == 1) return nullptr;
  ASSIGN_OR_RETURN(std::unique_ptr<Communicator> ranks, MakeMpiCommunicator());
  // Copies that know nothing of each other would train one network each.
  if (ranks->size() != LaunchedRanks()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "started as one of ", LaunchedRanks(), " ranks, but MPI sees ",
        ranks->size(),
        "; start it by the mpirun of the MPI that it was built with, or by "
        "srun --mpi=pmix"));
  }
  return ranks;
}

void AbortRanks(int exit_status) {
  int started = 0, ended = 0;
  MPI_Initialized(&started);
  MPI_Finalized(&ended);
  if (started && !ended) MPI_Abort(MPI_COMM_WORLD, exit_status);
}

}  // namespace tritlab
