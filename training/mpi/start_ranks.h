// The ranks that a program was started with.
#ifndef TRITLAB_TRAINING_MPI_START_RANKS_H_
#define TRITLAB_TRAINING_MPI_START_RANKS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "training/communicator.h"

namespace tritlab {

// Under mpirun, its ranks; else nullptr: the program is alone. In a build
// without --config=mpi, FailedPrecondition under an mpirun of several. Must be
// called once, before other threads are begun.
absl::StatusOr<std::unique_ptr<Communicator>> StartRanks();

// Ends all ranks at once with this exit status, after an error that the others
// do not know of. Does not return where there is MPI; does nothing elsewhere.
void AbortRanks(int exit_status);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_MPI_START_RANKS_H_
