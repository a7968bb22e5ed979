// A fuzzer's input as a file, for readers that take paths.
#ifndef TRITLAB_BASE_FUZZING_INPUT_FILE_H_
#define TRITLAB_BASE_FUZZING_INPUT_FILE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tritlab {

// One file in a folder of its own, below TEST_TMPDIR or /tmp; both are removed
// with the object. Readers that look for a file by its usual name get the
// folder.
class InputFile {
 public:
  // Aborts where the folder cannot be made: there is nothing to test then.
  explicit InputFile(absl::string_view name);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& folder() const { return folder_; }
  const std::string& path() const { return path_; }

  // The file's contents from now on.
  void Set(absl::string_view bytes);

 private:
  std::string folder_;
  std::string path_;
};

}  // namespace tritlab

#endif  // TRITLAB_BASE_FUZZING_INPUT_FILE_H_
