#include "experiments/output_folder.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace tritlab {

std::string DefaultOutputFolder(const std::string& name, bool resume) {
  const char* const workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  const std::string first =
      JoinPath(JoinPath(workspace == nullptr ? "." : workspace, "runs"), name);
  const auto numbered = [&](int i) {
    return i == 1 ? first : absl::StrCat(first, "-", i);
  };
  // The last one may be there though one before it was removed.
  constexpr int kMost = 1000;
  if (resume) {
    int last = kMost;
    while (last > 1 && !FileExists(numbered(last))) --last;
    return numbered(last);
  }
  int next = 1;
  while (FileExists(numbered(next))) ++next;
  return numbered(next);
}

}  // namespace tritlab
