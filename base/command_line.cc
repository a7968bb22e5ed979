#include "base/command_line.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <new>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/one_line.h"

namespace tritlab {
namespace {

// The flags that the program and its own libraries declare; not those that come
// with Abseil.
std::map<std::string, absl::CommandLineFlag*> Flags() {
  std::map<std::string, absl::CommandLineFlag*> flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (absl::StrContains(flag->Filename(), "absl/") ||
        absl::StrContains(flag->Filename(), "abseil"))
      continue;
    flags.emplace(std::string(name), flag);
  }
  return flags;
}

void PrintHelp(absl::string_view usage) {
  std::printf("%s\n\nFlags:\n", std::string(usage).c_str());
  for (const auto& [name, flag] : Flags()) {
    std::printf("  --%s  %s (default: \"%s\")\n", name.c_str(),
                flag->Help().c_str(), flag->DefaultValue().c_str());
  }
}

// What the flag takes, for someone who gave it something else.
const char* ValuesOf(const absl::CommandLineFlag& flag) {
  if (flag.IsOfType<bool>()) return "true or false";
  if (flag.IsOfType<double>()) return "a number";
  if (flag.IsOfType<int32_t>()) return "a whole number of 32 bits";
  if (flag.IsOfType<uint32_t>()) return "a whole number from 0 to 4294967295";
  if (flag.IsOfType<int64_t>()) return "a whole number of 64 bits";
  return "another value";
}

// A file that the program opens must not take the place of a standard stream
// that its caller has closed: what is printed would go into it.
void KeepStandardStreamsOpen() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) < 0 && errno == EBADF)
      (void)!open("/dev/null", O_RDWR);
  }
}

// What was printed has arrived; or nobody reads it any more, as with `head`.
absl::Status FlushOutput() {
  if (std::fflush(stdout) == 0 || errno == EPIPE) return absl::OkStatus();
  return FileError(errno, "standard output", "cannot write");
}

absl::Status Error(absl::string_view name, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("--", name, ": ", what));
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(
    int argc, char** argv, absl::string_view usage,
    const std::set<std::string>& repeated) {
  const std::map<std::string, absl::CommandLineFlag*> flags = Flags();
  const auto find = [&](const std::string& name) -> absl::CommandLineFlag* {
    const auto found = flags.find(name);
    return found == flags.end() ? nullptr : found->second;
  };
  CommandLine line;
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      PrintHelp(usage);
      std::exit(ExitStatus(FlushOutput()));
    }
    if (!absl::ConsumePrefix(&argument, "--") || argument.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          argv[i], ": it is no flag; flags are written --name=value"));
    }
    const size_t equals = argument.find('=');
    bool has_value = equals != absl::string_view::npos;
    const std::string name(argument.substr(0, equals));
    std::string value(has_value ? argument.substr(equals + 1) : "");

    const bool is_repeated = repeated.count(name) > 0;
    absl::CommandLineFlag* flag = find(name);
    if (flag == nullptr && !has_value && absl::StartsWith(name, "no")) {
      flag = find(name.substr(2));
      if (flag != nullptr && !flag->IsOfType<bool>()) flag = nullptr;
      value = "false";
      has_value = flag != nullptr;
    } else if (flag != nullptr && !has_value && flag->IsOfType<bool>()) {
      value = "true";
      has_value = true;
    }
    if (flag == nullptr && !is_repeated)
      return Error(name, "there is no such flag; --help lists them");
    if (!has_value) {
      if (i + 1 == argc)
        return Error(name,
                     absl::StrCat("it has no value; give --", name, "=VALUE"));
      value = argv[++i];
    }
    if (is_repeated) {
      line.repeated.emplace_back(name, value);
      continue;
    }
    std::string error;
    if (!flag->ParseFrom(value, &error)) {
      return Error(name, absl::StrCat("\"", value, "\" is impossible; give ",
                                      ValuesOf(*flag)));
    }
  }
  return line;
}

int ExitStatus(const absl::Status& status) {
  if (status.ok()) return 0;
  // Whatever the file names in it hold.
  std::fprintf(stderr, "error: %s\n", OneLine(status.message()).c_str());
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnimplemented:
      return 2;
    case absl::StatusCode::kCancelled:
      return 130;
    default:
      return 1;
  }
}

int RunProgram(int argc, char** argv, absl::Status (*program)(int, char**)) {
  KeepStandardStreamsOpen();
  // Inherited as ignored, it would take away how child processes end.
  std::signal(SIGCHLD, SIG_DFL);
  absl::Status status;
  try {
    status = program(argc, argv);
    if (status.ok()) status = FlushOutput();
  } catch (const std::bad_alloc&) {
    status = absl::ResourceExhaustedError(
        "the machine has not enough memory; use a smaller batch_size, network "
        "or dataset");
  }
  return ExitStatus(status);
}

}  // namespace tritlab
