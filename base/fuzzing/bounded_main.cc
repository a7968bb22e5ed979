// Runs a fuzzer in an ordinary build, as a test: its seeds, then a fixed number
// of mutations of them (mutation.h), always the same ones. With files as
// arguments it runs these alone, which is how to look into a crash:
//
//   FUZZER [--mutations=N] [--seed=FILE]... | FILE...
//
// An input that crashes is written out before the program dies. 1 GB of data is
// all that an input may take.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "base/file.h"
#include "base/fuzzing/fuzz_target.h"
#include "base/fuzzing/mutation.h"
#include "base/fuzzing/seeds.h"

// A sanitizer calls this before it ends the program.
// NOLINTNEXTLINE(bugprone-reserved-identifier): it is called so.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(
    void (*callback)());

namespace tritlab {
namespace {

constexpr int64_t kMutations = 10000;

// For the handlers below, which may do little else than write.
std::string crash_path;
const std::string* running = nullptr;

void WriteAll(int descriptor, const char* bytes, size_t count) {
  while (count > 0) {
    const ssize_t written = write(descriptor, bytes, count);
    if (written <= 0) return;
    bytes += written;
    count -= static_cast<size_t>(written);
  }
}

void SaveInput() {
  if (running == nullptr) return;
  const std::string& input = *running;
  running = nullptr;
  const int file = open(crash_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) return;
  WriteAll(file, input.data(), input.size());
  close(file);
  constexpr char kSaid[] = "\nthe input that crashed is ";
  WriteAll(STDERR_FILENO, kSaid, sizeof(kSaid) - 1);
  WriteAll(STDERR_FILENO, crash_path.data(), crash_path.size());
  WriteAll(STDERR_FILENO, "\n", 1);
}

void OnSignal(int signal_number) {
  SaveInput();
  raise(signal_number);  // which now has its default action
}

void SaveInputsThatCrash() {
  const char* folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  crash_path = folder == nullptr ? FromWorkingDirectory("crash")
                                 : JoinPath(folder, "crash");
  if (__sanitizer_set_death_callback != nullptr)
    __sanitizer_set_death_callback(SaveInput);
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  sigaction(SIGABRT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);  // the test took too long
#ifndef TRITLAB_SANITIZER
  // Sanitizers have their own handlers, and take their own memory.
  for (const int signal_number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL})
    sigaction(signal_number, &action, nullptr);
  const rlimit limit = {rlim_t{1} << 30, rlim_t{1} << 30};
  setrlimit(RLIMIT_DATA, &limit);
#endif
}

void Run(const std::string& input) {
  running = &input;
  // A copy of exactly that length, so that a sanitizer sees reads beyond it.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  running = nullptr;
}

int Main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto seeds = TakeSeeds(arguments);
  if (!seeds.ok()) {
    std::fprintf(stderr, "error: %s\n", seeds.status().ToString().c_str());
    return 2;
  }
  int64_t mutations = kMutations;
  std::vector<std::string> files;
  for (const std::string& argument : arguments) {
    if (absl::StartsWith(argument, "--mutations=")) {
      if (!absl::SimpleAtoi(argument.substr(12), &mutations)) {
        std::fprintf(stderr, "error: %s is no number\n", argument.c_str());
        return 2;
      }
    } else {
      files.push_back(FromWorkingDirectory(argument));
    }
  }
  SaveInputsThatCrash();
  if (!files.empty()) {
    for (const std::string& file : files) {
      const auto input = ReadFile(file);
      if (!input.ok()) {
        std::fprintf(stderr, "error: %s\n", input.status().ToString().c_str());
        return 2;
      }
      Run(*input);
      std::printf("%s: fine\n", file.c_str());
    }
    return 0;
  }
  if (seeds->empty()) {
    std::fprintf(stderr, "error: the fuzzer has no seeds\n");
    return 2;
  }
  for (const std::string& seed : *seeds) Run(seed);
  for (int64_t i = 0; i < mutations; ++i) Run(Mutation(*seeds, i));
  std::printf("%zu seeds and %lld mutations of them: fine\n", seeds->size(),
              static_cast<long long>(mutations));
  return 0;
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) { return tritlab::Main(argc, argv); }
