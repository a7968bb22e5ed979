// Ranks that Open MPI, or another MPI, has started: mpirun -n N PROGRAM.
// Part of builds with --config=mpi alone.
#ifndef TRITLAB_TRAINING_MPI_MPI_COMMUNICATOR_H_
#define TRITLAB_TRAINING_MPI_MPI_COMMUNICATOR_H_

#include <memory>

#include "absl/status/statusor.h"
#include "training/communicator.h"

namespace tritlab {

// The ranks of MPI_COMM_WORLD, each with one thread that speaks to the others.
// Once a program; MPI ends when it is destroyed, which waits for the other
// ranks. Where a rank has been lost, MPI ends this one with a message of its
// own. FailedPrecondition when this MPI does not allow a program threads.
absl::StatusOr<std::unique_ptr<Communicator>> MakeMpiCommunicator();

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_MPI_MPI_COMMUNICATOR_H_
