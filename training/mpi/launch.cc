#include "training/mpi/launch.h"

#include <cstdlib>

#include "absl/strings/numbers.h"

namespace tritlab {
namespace {

// Open MPI's mpirun, MPICH's and Intel's mpirun and srun --mpi=pmi2, and srun
// without any of them: the launcher that stands nearest first.
constexpr const char* kSizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
                                  "SLURM_STEP_NUM_TASKS"};

}  // namespace

int LaunchedRanks() {
  for (const char* const name : kSizes) {
    int found = 0;
    const char* const value = std::getenv(name);
    if (value != nullptr && absl::SimpleAtoi(value, &found) && found > 0)
      return found;
  }
  return 1;
}

void ForgetLaunch() {
  for (const char* const name : kSizes) unsetenv(name);
}

}  // namespace tritlab
