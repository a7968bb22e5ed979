// Files of a known size and SHA-256, from a server that may fail or lie.
#ifndef TRITLAB_DATASETS_DOWNLOAD_H_
#define TRITLAB_DATASETS_DOWNLOAD_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace tritlab {

struct DownloadSource {
  std::string url;
  int64_t bytes = 0;   // of the whole file
  std::string sha256;  // 64 hexadecimal digits, lower-case
};

struct DownloadOptions {
  // Plain HTTP as well, from the first server and where it redirects to: for
  // servers of one's own. The checksum is checked all the same.
  bool allow_http = false;
  // A PEM file of certificates to trust in place of the system's, likewise.
  std::string authorities = {};
  int connect_seconds = 30;
  // A connection that brings next to nothing for so long is given up.
  int stalled_seconds = 30;
  // How often in a row one may get less than a megabyte farther than any one
  // before it.
  int attempts = 4;
  // Before the second of them; doubled each time.
  double pause_seconds = 1;
};

// Downloads to `path`, which appears with the right contents or not at all; its
// folder must exist. Over HTTPS, with the certificate checked, redirected to
// HTTPS at most 5 times. Bytes go to `path`.part, and what is there is gone on
// from, whether a connection or a whole program was interrupted; no more than
// `bytes` are taken, and the disk is asked for room first. `path`.lock keeps a
// second program away meanwhile. A file that is there already is checked, and
// kept.
//
// One line that names the URL or the file. Unavailable: the server or the way
// to it fails; calling again goes on. NotFound, PermissionDenied,
// FailedPrecondition: the server refuses, its certificate is bad, it redirects
// elsewhere, libcurl is too old, or another program downloads to `path`.
// Unimplemented: its file system keeps no locks. DataLoss: it sends something
// else. AlreadyExists: `path` is another file. ResourceExhausted: no room.
absl::Status Download(const DownloadSource& source, const std::string& path,
                      const DownloadOptions& options = {});

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_DOWNLOAD_H_
