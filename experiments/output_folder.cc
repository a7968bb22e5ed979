#include "experiments/output_folder.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace tritlab {

std::string DefaultOutputFolder(const std::string& name, bool resume) {
  const char* const workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  const std::string first =
      JoinPath(JoinPath(workspace == nullptr ? "." : workspace, "runs"), name);
  std::string last_there = first;
  std::string folder = first;
  for (int i = 2; FileExists(folder); ++i) {
    last_there = folder;
    folder = absl::StrCat(first, "-", i);
  }
  return resume ? last_there : folder;
}

}  // namespace tritlab
