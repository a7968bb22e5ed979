#include "base/memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "absl/strings/str_format.h"

namespace tritlab {
namespace {

// The machine's memory, or what a container may take of it (cgroup v2).
double MemoryBytes() {
  const double machine = static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                         static_cast<double>(sysconf(_SC_PAGE_SIZE));
  double limit;  // a number, or "max" for none
  const bool limited =
      static_cast<bool>(std::ifstream("/sys/fs/cgroup/memory.max") >> limit);
  return limited ? std::min(machine, limit) : machine;
}

}  // namespace

absl::Status CheckMemory(absl::string_view what, double bytes,
                         absl::string_view advice) {
  static const double memory = MemoryBytes();
  if (bytes <= memory) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrFormat(
      "%s: %.1f GB, more than this machine's %.1f GB of memory; %s", what,
      bytes / 1e9, memory / 1e9, advice));
}

}  // namespace tritlab
