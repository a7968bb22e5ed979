// Command lines of all programs: flags are declared with ABSL_FLAG, and a
// mistake is a Status, so that a program can answer it in one line and with
// exit status 2 (absl::ParseCommandLine would exit with 1).
//
//   --name=value   --name value   --switch   --noswitch   --help
#ifndef TRITLAB_BASE_COMMAND_LINE_H_
#define TRITLAB_BASE_COMMAND_LINE_H_

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tritlab {

struct CommandLine {
  // The flags that may be given more than once, as (name, value) in the order
  // given: Abseil's flags keep one value only.
  std::vector<std::pair<std::string, std::string>> repeated;
};

// Sets the flags that argv names. InvalidArgument, naming the flag, when it is
// unknown, lacks a value or does not take the one given, and for an argument
// that is no flag. --help prints `usage` and the flags of this project, and
// ends the program with status 0.
absl::StatusOr<CommandLine> ParseCommandLine(
    int argc, char** argv, absl::string_view usage,
    const std::set<std::string>& repeated = {});

// The status that a program exits with: 0 when ok, 1 when it failed (Internal,
// Aborted, ...), 2 for what its caller can mend: flags, specs, data, files, a
// full disk; 130 when it was stopped (Cancelled) by Ctrl-C or SIGTERM. Prints
// "error: MESSAGE" to stderr when not ok.
int ExitStatus(const absl::Status& status);

// The body of main(): ExitStatus of what `program` returns; of a
// ResourceExhausted when the machine has not the memory that it asks for, or
// the disk no room for what it printed.
int RunProgram(int argc, char** argv, absl::Status (*program)(int, char**));

}  // namespace tritlab

#endif  // TRITLAB_BASE_COMMAND_LINE_H_
