// How many programs were started to be one: what mpirun and srun tell each of
// them in its environment, known with or without MPI.
#ifndef TRITLAB_TRAINING_MPI_LAUNCH_H_
#define TRITLAB_TRAINING_MPI_LAUNCH_H_

namespace tritlab {

// 1 for a program that was started alone.
int LaunchedRanks();

// Removes that from the environment: for a program whose copies each start
// runs that are alone, as those of a sweep under srun do.
void ForgetLaunch();

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_MPI_LAUNCH_H_
