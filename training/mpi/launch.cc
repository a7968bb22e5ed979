#include "training/mpi/launch.h"

#include <cstdlib>

#include "absl/strings/numbers.h"

namespace tritlab {

int LaunchedRanks() {
  // The launcher that stands nearest. Open MPI's mpirun, MPICH's and Intel's
  // mpirun and srun --mpi=pmi2, and srun without any of them.
  for (const char* name :
       {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    int found = 0;
    const char* const value = std::getenv(name);
    if (value != nullptr && absl::SimpleAtoi(value, &found) && found > 0)
      return found;
  }
  return 1;
}

}  // namespace tritlab
