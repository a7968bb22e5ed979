// For tests of what a crash leaves behind: watches what the program does to the
// files below a folder, call by call, and
//   - gives every state that a loss of power could leave the disk in: bytes
//     that were not flushed (fsync of the file) are there, lost, there in part,
//     or read as zeros; names that were not flushed (fsync of the folder) are
//     there or lost, each for itself, whatever the order they were made in;
//   - fills the disk up: from a call on, whatever needs room fails (ENOSPC).
// A file system is allowed all of that (Pillai et al., OSDI 2014); many do
// less. Nothing but what was flushed counts on it.
//
// The calls are seen because this library's open, write, fsync, rename and so
// on take the place of the C library's in the whole program: link it into tests
// only, and statically (linkstatic). Files that libraries write through stdio
// are not seen.
#ifndef TRITLAB_BASE_WATCHED_FOLDER_H_
#define TRITLAB_BASE_WATCHED_FOLDER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/functional/function_ref.h"

namespace tritlab {

// What the disk holds when the power is back. Paths are relative to the folder.
struct DiskState {
  int64_t marks = 0;              // how many Marks the program had passed
  std::set<std::string> folders;  // each after the one that it is in
  std::map<std::string, std::string> files;

  // Makes it, in a new folder; aborts the test program where that fails.
  void WriteTo(const std::string& folder) const;
};

class WatchedFolder {
 public:
  // Of an existing folder, empty or with files that are only read; its path as
  // the program will write it. One at a time.
  explicit WatchedFolder(const std::string& path);
  ~WatchedFolder();  // the calls are forgotten
  WatchedFolder(const WatchedFolder&) = delete;
  WatchedFolder& operator=(const WatchedFolder&) = delete;

  // The program may rely on all that it has done up to here.
  void Mark();
  // Calls that needed room so far: writes, new files and folders.
  int64_t calls_for_room() const;
  // The disk is full for all but so many of them from now on; Empty ends that.
  void FillUpAfter(int64_t calls_for_room);
  void Empty();

  // Every state that a loss of power could have left, between any two calls;
  // those that are equal once for each number of marks.
  void ForEachLossOfPower(
      absl::FunctionRef<void(const DiskState& state)> look) const;

  // Of the calls that the program makes; not for tests.
  class Recorder;

 private:
  const std::unique_ptr<Recorder> recorder_;
};

}  // namespace tritlab

#endif  // TRITLAB_BASE_WATCHED_FOLDER_H_
