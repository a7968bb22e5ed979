#include "training/mpi/launch.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/numbers.h"

namespace tritlab {

int LaunchedRanks() {
  int ranks = 1;
  // Open MPI's mpirun, MPICH's and Intel's mpirun and srun --mpi=pmi2, and srun
  // without any of them.
  for (const char* name :
       {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    int found = 0;
    const char* const value = std::getenv(name);
    if (value != nullptr && absl::SimpleAtoi(value, &found))
      ranks = std::max(ranks, found);
  }
  return ranks;
}

}  // namespace tritlab
