// C alone: what follows of C++ has long left the standard.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include "training/mpi/launch.h"
#include "training/mpi/mpi_communicator.h"
#include "training/mpi/start_ranks.h"

namespace tritlab {

absl::StatusOr<std::unique_ptr<Communicator>> StartRanks() {
  // MPI's start takes a moment that a program which is alone can save.
  if (LaunchedRanks() == 1) return nullptr;
  return MakeMpiCommunicator();
}

void AbortRanks(int exit_status) {
  int started = 0, ended = 0;
  MPI_Initialized(&started);
  MPI_Finalized(&ended);
  if (started && !ended) MPI_Abort(MPI_COMM_WORLD, exit_status);
}

}  // namespace tritlab
