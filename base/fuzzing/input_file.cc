#include "base/fuzzing/input_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/file.h"

namespace tritlab {
namespace {

void Demand(bool condition, const std::string& path) {
  if (condition) return;
  std::perror(path.c_str());
  std::abort();
}

}  // namespace

InputFile::InputFile(absl::string_view name) {
  const char* const parent = std::getenv("TEST_TMPDIR");
  folder_ = JoinPath(parent == nullptr ? "/tmp" : parent, "input_XXXXXX");
  Demand(mkdtemp(folder_.data()) != nullptr, folder_);
  path_ = JoinPath(folder_, name);
}

InputFile::~InputFile() {
  unlink(path_.c_str());
  rmdir(folder_.c_str());
}

void InputFile::Set(absl::string_view bytes) {
  // Not WriteFileAtomically, which waits for the disk.
  const int file =
      open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  Demand(file >= 0, path_);
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    Demand(written > 0, path_);
    bytes.remove_prefix(written);
  }
  close(file);
}

}  // namespace tritlab
