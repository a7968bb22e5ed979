// Files of records in TFRecord framing (record_frame.h): checkpoints, packed
// datasets and TensorBoard events alike.
#ifndef TRITLAB_BASE_RECORD_FILE_H_
#define TRITLAB_BASE_RECORD_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/random_access_file.h"

namespace tritlab {

// The framed bytes of one record.
std::string FrameRecord(absl::string_view data);

// Writes a record file that appears whole on Commit() or not at all.
class RecordWriter {
 public:
  static absl::StatusOr<std::unique_ptr<RecordWriter>> Create(
      absl::string_view path);

  absl::Status Write(absl::string_view data);
  // As AtomicFile::Commit.
  absl::Status Commit(absl::string_view previous = {}) {
    return file_->Commit(previous);
  }

 private:
  explicit RecordWriter(std::unique_ptr<AtomicFile> file)
      : file_(std::move(file)) {}
  std::unique_ptr<AtomicFile> file_;
};

// Adds records to a file that grows and is read meanwhile (TensorBoard events).
// Each Write reaches the operating system before it returns, so a killed
// program loses nothing it wrote.
class RecordAppender {
 public:
  // Makes the file if there is none. Of an existing file the whole records are
  // kept, and a torn one at the end (a write cut short by a crash) is cut off.
  // Damage anywhere else is DataLoss; the file is then left as it is. Links are
  // not followed: InvalidArgument, as for all that is no regular file.
  static absl::StatusOr<std::unique_ptr<RecordAppender>> Open(
      absl::string_view path);
  ~RecordAppender();
  RecordAppender(const RecordAppender&) = delete;
  RecordAppender& operator=(const RecordAppender&) = delete;

  absl::Status Write(absl::string_view data);
  // What was written is on the disk when it returns: a loss of power cannot
  // take it back.
  absl::Status Flush();

 private:
  RecordAppender(std::string path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor) {}
  const std::string path_;
  const int descriptor_;
  int64_t bytes_ = 0;  // length of the whole records
};

// Reads records from the first to the last. A record's length is checked
// against what is left of the file before memory is taken for it. Truncation
// and damage are DataLoss, naming the file and the record's byte offset; a
// record larger than the memory is ResourceExhausted.
class RecordReader {
 public:
  static absl::StatusOr<std::unique_ptr<RecordReader>> Open(
      absl::string_view path);

  // Reads the next record into *data: true; at the end of the file: false.
  absl::StatusOr<bool> Next(std::string* data);

  // After DataLoss: whether only the file's last record is at fault, as when a
  // write was cut short. What comes before it is sound.
  bool at_torn_end() const { return at_torn_end_; }

  // Where the next record begins, in bytes.
  int64_t offset() const { return offset_; }
  int64_t file_size() const { return file_->size(); }

 private:
  explicit RecordReader(std::unique_ptr<RandomAccessFile> file)
      : file_(std::move(file)) {}
  absl::Status ReadNext(std::string* data);
  absl::Status ReadBytes(char* bytes, int64_t size);

  const std::unique_ptr<RandomAccessFile> file_;
  int64_t offset_ = 0;
  std::string buffer_;  // read ahead
  size_t buffer_position_ = 0;
  int64_t read_bytes_ = 0;  // of the file, the buffer's included
  absl::Status status_;     // the first error; every later call repeats it
  bool at_torn_end_ = false;
};

}  // namespace tritlab

#endif  // TRITLAB_BASE_RECORD_FILE_H_
