#include "base/open_files.h"

#include <sys/resource.h>

#include <filesystem>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace tritlab {
namespace {

// Beside what is counted: logs, sockets, what libraries open for a moment.
constexpr int64_t kSpare = 64;

int64_t OpenNow() {
  std::error_code error;
  const std::filesystem::directory_iterator open("/proc/self/fd", error);
  return error ? 0 : std::distance(begin(open), end(open));
}

}  // namespace

absl::Status AllowOpenFiles(absl::string_view what, int64_t more) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return absl::OkStatus();
  const auto needed = static_cast<rlim_t>(OpenNow() + more + kSpare);
  if (needed <= limit.rlim_cur) return absl::OkStatus();
  if (needed > limit.rlim_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat(what, ": ", more,
                     " files are to be open at once, and this system allows ",
                     limit.rlim_max, "; raise its limit (ulimit -Hn)"));
  }
  // One that cannot be raised shows when files are opened.
  limit.rlim_cur = needed;
  setrlimit(RLIMIT_NOFILE, &limit);
  return absl::OkStatus();
}

}  // namespace tritlab
