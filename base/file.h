// Files that are there whole or not at all.
//
// Everything this project writes and later reads back (checkpoints, reports,
// packed datasets) goes through AtomicFile: bytes go to `PATH.partial` beside
// the target, which is flushed to the disk and then renamed over the target. A
// reader, a crash or a full disk never sees half a file.
//
// Errors are one line that begins with the path. NotFound: no such file;
// PermissionDenied; ResourceExhausted: the disk (or a quota) is full;
// or a file is larger than the memory; InvalidArgument: a file of the wrong
// kind or over the size limit.
#ifndef TRITLAB_BASE_FILE_H_
#define TRITLAB_BASE_FILE_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// The whole file. A file larger than `max_bytes` is refused before any memory
// is taken for it.
absl::StatusOr<std::string> ReadFile(
    absl::string_view path,
    int64_t max_bytes = std::numeric_limits<int64_t>::max());

// Replaces `path` by `contents`, or leaves it untouched and says why.
absl::Status WriteFileAtomically(absl::string_view path,
                                 absl::string_view contents);

// A file written in pieces that appears under its name on Commit() only.
// Destroyed without Commit(), it leaves nothing behind. Two writers of one
// path at a time are refused (FailedPrecondition); what a killed writer left
// is overwritten by the next one.
class AtomicFile {
 public:
  static absl::StatusOr<std::unique_ptr<AtomicFile>> Create(
      absl::string_view path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // After an error every further call returns the same error.
  absl::Status Append(absl::string_view bytes);
  // Flushes to the disk, renames, flushes the folder. No Append afterwards.
  // With `previous`, a path in the same folder, what the file was until now is
  // kept there, whatever was there before; not before the new one is on the
  // disk, so that one of the two is whole at any moment.
  absl::Status Commit(absl::string_view previous = {});

 private:
  AtomicFile(std::string path, std::string partial_path, int descriptor);
  absl::Status Flush();
  // Closes and removes the partial file, remembers `status`, returns it.
  absl::Status Fail(absl::Status status);

  const std::string path_;
  const std::string partial_path_;
  int descriptor_;
  std::string buffer_;
  absl::Status status_;
};

// Makes the name of what is at `path` last: after a rename to it.
absl::Status FlushFolderOf(absl::string_view path);

// A descriptor of the file at `path` to write to, made where it is missing;
// `flags` are open's: O_WRONLY or O_RDWR, and O_APPEND. It does not wait, and
// the name itself is not followed where it is a link: names that are known
// beforehand (`X.lock`, `X.partial`) may have been put there by somebody else,
// to have another file overwritten. InvalidArgument for what is no regular
// file. Errors of opening begin with `called`, where that is not empty.
absl::StatusOr<int> OpenForWriting(const std::string& path, int flags,
                                   absl::string_view called = {});

// Makes the folder and those above it, on the disk when it returns; fine when
// it is there already.
absl::Status MakeDirectories(absl::string_view path);

// True for a file, a folder or anything else of that name.
bool FileExists(absl::string_view path);
bool IsDirectory(absl::string_view path);
// True for a link to what does not exist.
bool IsBrokenLink(absl::string_view path);
absl::StatusOr<int64_t> FileSize(absl::string_view path);

// The names (not paths) in a folder, sorted by byte value, without . and ..
absl::StatusOr<std::vector<std::string>> ListDirectory(absl::string_view path);

// `folder/name`; `name` alone when it is absolute or `folder` is empty.
std::string JoinPath(absl::string_view folder, absl::string_view name);

// A path from the command line, as the user meant it: relative to the folder
// where the user stands. `bazel run` starts programs elsewhere and names that
// folder in BUILD_WORKING_DIRECTORY. Empty stays empty.
std::string FromWorkingDirectory(absl::string_view path);

// Absolute, without ".", ".." and links, as far as it exists; the path as it is
// where that cannot be found out.
std::string CanonicalPath(const std::string& path);

// An error for `errno` value `error_number`: "PATH: ACTION: reason", and what
// to do about it where that is known (a full disk).
absl::Status FileError(int error_number, absl::string_view path,
                       absl::string_view action);

}  // namespace tritlab

#endif  // TRITLAB_BASE_FILE_H_
