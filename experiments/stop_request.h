// Ctrl-C and SIGTERM, as a program takes them that can leave a checkpoint. A
// process has one set of signals, so these are functions.
#ifndef TRITLAB_EXPERIMENTS_STOP_REQUEST_H_
#define TRITLAB_EXPERIMENTS_STOP_REQUEST_H_

#include <string>

namespace tritlab {

// From now on SIGINT, SIGTERM and SIGUSR1 ask the program to stop. While it may
// stop at once (at first it may) they end it, with exit status 130 and, on
// stderr, the command `go_on_with`; else StopRequested says so, and a second
// SIGINT or SIGTERM ends it. SIGUSR1 only ever asks, so that a scheduler may
// send it ahead of its SIGTERM. A reader of the output that has gone (Ctrl-C
// ends `tee` as well) does not end it. `speaks`: of several ranks, one does.
void CatchStopRequests(const std::string& go_on_with, bool speaks);

bool StopRequested();

// Whether there is nothing to write a checkpoint of: data is opened, or a
// report written, which a resumed program does again.
void MayStopAtOnce(bool at_once);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_STOP_REQUEST_H_
