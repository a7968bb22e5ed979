// Where a run goes when the user does not say.
#ifndef TRITLAB_EXPERIMENTS_OUTPUT_FOLDER_H_
#define TRITLAB_EXPERIMENTS_OUTPUT_FOLDER_H_

#include <string>

namespace tritlab {

// runs/NAME in the workspace (BUILD_WORKSPACE_DIRECTORY, else where the program
// stands), or the first of runs/NAME-2, runs/NAME-3, ... that is not there yet.
// With resume: the last of them that is.
std::string DefaultOutputFolder(const std::string& name, bool resume);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_OUTPUT_FOLDER_H_
