// How a run of one rank that is stopped goes on.
#ifndef TRITLAB_EXPERIMENTS_RESUME_COMMAND_H_
#define TRITLAB_EXPERIMENTS_RESUME_COMMAND_H_

#include <string>
#include <vector>

namespace tritlab {

struct StoppedRun {
  std::vector<std::string> command_line;  // argv, as the run was begun
  std::string spec;                       // its file
  std::string folder;                     // its --output_dir
  std::string data_root;
  std::string shared_phases;  // empty: none
  int threads = 1;            // that it computed with
};

// The command line, for a shell, that goes on with it: the flags that it was
// begun with, with --resume, and with what a flag left open said as it was.
// Under `bazel run` (BUILD_WORKSPACE_DIRECTORY) it is one of bazel.
std::string ResumeCommand(const StoppedRun& run);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_RESUME_COMMAND_H_
