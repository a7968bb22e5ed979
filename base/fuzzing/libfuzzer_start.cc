// Gives libFuzzer the fuzzer's seeds as a corpus folder, and a place for what
// crashes: the folder where the user stands (bazel run), or the test's outputs.
#include <stdlib.h>
#include <string.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/fuzzing/seeds.h"

namespace tritlab {
namespace {

// The folder of the seeds; empty when it could not be made. It is removed when
// the program exits.
std::string WriteSeeds(const std::vector<std::string>& seeds) {
  const char* parent = getenv("TEST_TMPDIR");
  static std::string& folder = *new std::string(
      JoinPath(parent == nullptr ? "/tmp" : parent, "seeds_XXXXXX"));
  if (mkdtemp(folder.data()) == nullptr) return "";
  std::atexit([] {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  });
  for (size_t i = 0; i < seeds.size(); ++i) {
    if (!WriteFileAtomically(JoinPath(folder, absl::StrCat("seed", i)),
                             seeds[i])
             .ok()) {
      return "";
    }
  }
  return folder;
}

}  // namespace
}  // namespace tritlab

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  std::vector<std::string> arguments(*argv, *argv + *argc);
  const auto seeds = tritlab::TakeSeeds(arguments);
  if (!seeds.ok()) {
    std::fprintf(stderr, "error: %s\n", seeds.status().ToString().c_str());
    std::exit(2);
  }
  bool files = false;
  for (size_t i = 1; i < arguments.size(); ++i) {
    if (absl::StartsWith(arguments[i], "-")) continue;
    arguments[i] = tritlab::FromWorkingDirectory(arguments[i]);
    files |= !tritlab::IsDirectory(arguments[i]);
  }
  const char* outputs = getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  if (outputs == nullptr) outputs = getenv("BUILD_WORKING_DIRECTORY");
  // The first argument, so that the user's flags win.
  if (outputs != nullptr) {
    arguments.insert(arguments.begin() + 1,
                     absl::StrCat("-artifact_prefix=", outputs, "/"));
  }
  // With files, libFuzzer runs these alone.
  if (!files) {
    const std::string folder = tritlab::WriteSeeds(*seeds);
    if (!folder.empty()) arguments.push_back(folder);
  }
  char** const all = new char*[arguments.size() + 1];  // for good
  for (size_t i = 0; i < arguments.size(); ++i)
    all[i] = strdup(arguments[i].c_str());
  all[arguments.size()] = nullptr;
  *argc = static_cast<int>(arguments.size());
  *argv = all;
  return 0;
}
