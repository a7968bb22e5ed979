// What is there of a file that is being downloaded, across interruptions.
#ifndef TRITLAB_DATASETS_PARTIAL_DOWNLOAD_H_
#define TRITLAB_DATASETS_PARTIAL_DOWNLOAD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// The bytes so far are PATH.part; PATH.part.validator says which version of the
// server's file they are of: its ETag or date, as HTTP's If-Range takes it.
// Both stay when the object goes, for the next one to go on from. One object
// per path at a time: whoever opens it has locked the path.
class PartialDownload {
 public:
  // What an earlier download of `path` has left, or nothing. Links are not
  // followed; InvalidArgument for what is no regular file.
  static absl::StatusOr<std::unique_ptr<PartialDownload>> Open(
      const std::string& path);
  ~PartialDownload();
  PartialDownload(const PartialDownload&) = delete;
  PartialDownload& operator=(const PartialDownload&) = delete;

  const std::string& path() const { return part_path_; }
  int64_t size() const { return size_; }
  // Empty: unknown.
  const std::string& validator() const { return validator_; }

  absl::Status Append(absl::string_view bytes);
  // Begins anew, with a file of that version.
  absl::Status Clear(const std::string& validator = "");
  // Flushes the bytes to the disk and gives them the name `path`.
  absl::Status Commit();

 private:
  PartialDownload(std::string path, int descriptor)
      : path_(std::move(path)),
        part_path_(path_ + ".part"),
        descriptor_(descriptor) {}
  std::string ValidatorPath() const { return part_path_ + ".validator"; }

  const std::string path_;
  const std::string part_path_;
  const int descriptor_;
  int64_t size_ = 0;
  std::string validator_;
};

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_PARTIAL_DOWNLOAD_H_
