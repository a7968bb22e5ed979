#include "kernels/threads_flag.h"

#include "kernels/threads.h"

namespace tritlab {

absl::Status ApplyThreadsFlag(int threads) {
  if (threads < 0 || threads > 1024)
    return absl::InvalidArgumentError("--threads: it must be 0 to 1024");
  if (threads > 0) SetThreads(threads);
  return absl::OkStatus();
}

}  // namespace tritlab
