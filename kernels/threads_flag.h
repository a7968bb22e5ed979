// The flag --threads of the programs that compute.
#ifndef TRITLAB_KERNELS_THREADS_FLAG_H_
#define TRITLAB_KERNELS_THREADS_FLAG_H_

#include "absl/status/status.h"

namespace tritlab {

// SetThreads; 0 leaves the number as it is. InvalidArgument, naming the flag,
// for what is not 0 to 1024.
absl::Status ApplyThreadsFlag(int threads);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_THREADS_FLAG_H_
