#include "experiments/stop_request.h"

#include <unistd.h>

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

// mpirun and srun hand SIGUSR1 on to all ranks; SIGTERM, they follow by
// SIGKILL.
constexpr int kStopSignals[] = {SIGINT, SIGTERM, SIGUSR1};

// Calls nothing but what a signal handler may.
void RequestStop(int first) {
  if (may_stop_at_once) {
    Say("error: stopped as asked to; go on with: ");
    Say(go_on);
    Say("\n");
    _exit(130);
  }
  stop_requested = 1;
  // A second one ends the program at once. But a scheduler that has sent
  // SIGUSR1 ahead sends SIGTERM by itself, which must cost no checkpoint.
  for (const int signal : kStopSignals) {
    if (first != SIGUSR1 || signal == SIGUSR1) std::signal(signal, SIG_DFL);
  }
  Say("\nstopping, with a checkpoint; a second signal stops without one\n");
}

}  // namespace

void CatchStopRequests(const std::string& go_on_with, bool speaks) {
  go_on = go_on_with;
  speaks_here = speaks;
  std::signal(SIGPIPE, SIG_IGN);
  for (const int signal : kStopSignals) std::signal(signal, RequestStop);
}

bool StopRequested() { return stop_requested != 0; }

void MayStopAtOnce(bool at_once) { may_stop_at_once = at_once; }

}  // namespace tritlab
