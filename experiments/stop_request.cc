#include "experiments/stop_request.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "absl/strings/string_view.h"

namespace tritlab {
namespace {

volatile std::sig_atomic_t stop_requested = 0;
volatile std::sig_atomic_t may_stop_at_once = 1;
volatile std::sig_atomic_t speaks_here = 1;
// Set before signals are caught, never destroyed: one may come at the end.
std::string& go_on = *new std::string;

void Say(absl::string_view text) {
  if (!speaks_here) return;
  (void)!write(STDERR_FILENO, text.data(), text.size());
}

// Calls nothing but what a signal handler may, and leaves errno to whom it has
// interrupted.
void RequestStop(int signal) {
  if (may_stop_at_once) {
    Say("error: stopped as asked to; go on with: ");
    Say(go_on);
    Say("\n");
    _exit(130);
  }
  const int error_number = errno;
  stop_requested = 1;
  if (signal == SIGUSR1) {
    Say("\nstopping, with a checkpoint\n");
  } else {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    Say("\nstopping, with a checkpoint; a second signal stops without one\n");
  }
  errno = error_number;
}

}  // namespace

void CatchStopRequests(const std::string& go_on_with, bool speaks) {
  go_on = go_on_with;
  speaks_here = speaks;
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, RequestStop);
  std::signal(SIGTERM, RequestStop);
  // mpirun and srun hand it on to all ranks; SIGTERM, they follow by SIGKILL.
  std::signal(SIGUSR1, RequestStop);
}

bool StopRequested() { return stop_requested != 0; }

void MayStopAtOnce(bool at_once) { may_stop_at_once = at_once; }

}  // namespace tritlab
