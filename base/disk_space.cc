#include "base/disk_space.h"

#include <errno.h>
#include <sys/statvfs.h>

#include <string>

#include "absl/strings/str_format.h"
#include "base/file.h"

namespace tritlab {

absl::Status CheckDiskSpace(absl::string_view folder, int64_t bytes) {
  struct statvfs disk;
  const std::string path(folder.empty() ? "." : folder);
  if (statvfs(path.c_str(), &disk) != 0)
    return FileError(errno, path, "cannot see how much room there is");
  // Doubles, so that the product cannot overflow.
  const double free =
      static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
  if (static_cast<double>(bytes) <= free) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrFormat(
      "%s: %.0f MB are needed where %.0f MB are free; free some or choose "
      "another folder",
      path, static_cast<double>(bytes) / 1e6, free / 1e6));
}

}  // namespace tritlab
