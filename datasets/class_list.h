// Names of classes, as classes.txt gives them: a class a line.
#ifndef TRITLAB_DATASETS_CLASS_LIST_H_
#define TRITLAB_DATASETS_CLASS_LIST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// No such file is larger.
inline constexpr int64_t kMaxClassListBytes = 1 << 22;

// The lines, without white space at their ends and without empty ones.
std::vector<std::string> ClassListLines(absl::string_view list);

// For each class folder "FOLDER NAME" where the list has a line of the folder,
// white space and a name, else "FOLDER": n01443537 goldfish, Carassius auratus.
std::vector<std::string> NamedClasses(const std::vector<std::string>& folders,
                                      absl::string_view list);

// What is in classes.txt in `folder`; empty where there is none.
absl::StatusOr<std::string> ReadClassList(absl::string_view folder);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_CLASS_LIST_H_
