// A file that any number of threads read at any place.
#ifndef TRITLAB_BASE_RANDOM_ACCESS_FILE_H_
#define TRITLAB_BASE_RANDOM_ACCESS_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tritlab {

class RandomAccessFile {
 public:
  // Errors as in file.h; InvalidArgument for what is no regular file.
  static absl::StatusOr<std::unique_ptr<RandomAccessFile>> Open(
      absl::string_view path);
  ~RandomAccessFile();
  RandomAccessFile(const RandomAccessFile&) = delete;
  RandomAccessFile& operator=(const RandomAccessFile&) = delete;

  const std::string& path() const { return path_; }
  // In bytes, when it was opened.
  int64_t size() const { return size_; }

  // `size` bytes from `offset` on. DataLoss where the file has none, before any
  // memory is taken for them.
  absl::Status Read(int64_t offset, int64_t size, std::string* bytes) const;
  // Into memory that has room for them.
  absl::Status Read(int64_t offset, int64_t size, char* bytes) const;

 private:
  RandomAccessFile(std::string path, int descriptor, int64_t size)
      : path_(std::move(path)), descriptor_(descriptor), size_(size) {}
  absl::Status CheckRange(int64_t offset, int64_t size) const;

  const std::string path_;
  const int descriptor_;
  const int64_t size_;
};

}  // namespace tritlab

#endif  // TRITLAB_BASE_RANDOM_ACCESS_FILE_H_
