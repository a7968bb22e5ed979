#include "base/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/crc32c.h"
#include "base/memory.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

constexpr int64_t kHeaderBytes = 12;
constexpr int64_t kFooterBytes = 4;
constexpr int64_t kReadAheadBytes = 1 << 18;

// TFRecord is little-endian, and so is every processor oneDNN's kernels here
// are built for.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

template <typename T>
void AppendInteger(T value, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <typename T>
T LoadInteger(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

std::string RecordHeader(absl::string_view data) {
  std::string header;
  AppendInteger<uint64_t>(data.size(), &header);
  AppendInteger<uint32_t>(MaskCrc32c(Crc32c(header)), &header);
  return header;
}

std::string RecordFooter(absl::string_view data) {
  std::string footer;
  AppendInteger<uint32_t>(MaskCrc32c(Crc32c(data)), &footer);
  return footer;
}

}  // namespace

std::string FrameRecord(absl::string_view data) {
  return absl::StrCat(RecordHeader(data), data, RecordFooter(data));
}

absl::StatusOr<std::unique_ptr<RecordWriter>> RecordWriter::Create(
    absl::string_view path) {
  ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file, AtomicFile::Create(path));
  return std::unique_ptr<RecordWriter>(new RecordWriter(std::move(file)));
}

absl::Status RecordWriter::Write(absl::string_view data) {
  RETURN_IF_ERROR(file_->Append(RecordHeader(data)));
  RETURN_IF_ERROR(file_->Append(data));
  return file_->Append(RecordFooter(data));
}

absl::StatusOr<std::unique_ptr<RecordAppender>> RecordAppender::Open(
    absl::string_view path) {
  int64_t keep_bytes = 0;
  if (FileExists(path)) {
    ASSIGN_OR_RETURN(std::unique_ptr<RecordReader> reader,
                     RecordReader::Open(path));
    std::string data;
    while (true) {
      absl::StatusOr<bool> more = reader->Next(&data);
      if (!more.ok()) {
        if (reader->at_torn_end()) break;
        return std::move(more).status();
      }
      if (!*more) break;
      keep_bytes = reader->offset();
    }
  }
  ASSIGN_OR_RETURN(const int descriptor,
                   OpenForWriting(std::string(path), O_WRONLY | O_APPEND));
  std::unique_ptr<RecordAppender> appender(
      new RecordAppender(std::string(path), descriptor));
  if (ftruncate(descriptor, keep_bytes) != 0) {
    return FileError(errno, path, "cannot cut off a torn record");
  }
  appender->bytes_ = keep_bytes;
  return appender;
}

RecordAppender::~RecordAppender() { close(descriptor_); }

absl::Status RecordAppender::Write(absl::string_view data) {
  const std::string record = FrameRecord(data);
  absl::string_view rest = record;
  while (!rest.empty()) {
    const ssize_t written = write(descriptor_, rest.data(), rest.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      const int error_number = errno;
      // Leave whole records only; should that fail too, Open repairs it.
      (void)!ftruncate(descriptor_, bytes_);
      return FileError(error_number, path_, "cannot write");
    }
    rest.remove_prefix(written);
  }
  bytes_ += record.size();
  return absl::OkStatus();
}

absl::Status RecordAppender::Flush() {
  if (fsync(descriptor_) != 0 && errno != EINVAL)
    return FileError(errno, path_, "cannot write");
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RecordReader>> RecordReader::Open(
    absl::string_view path) {
  // O_NONBLOCK: a pipe would have it wait for somebody who writes.
  const int descriptor =
      open(std::string(path).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return FileError(errno, path, "cannot open");
  struct stat info;
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(descriptor);
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is not a regular file"));
  }
  return std::unique_ptr<RecordReader>(
      new RecordReader(std::string(path), descriptor, info.st_size));
}

RecordReader::RecordReader(std::string path, int descriptor, int64_t file_size)
    : path_(std::move(path)), descriptor_(descriptor), file_size_(file_size) {}

RecordReader::~RecordReader() { close(descriptor_); }

absl::Status RecordReader::ReadBytes(char* bytes, int64_t size) {
  while (size > 0) {
    if (buffer_position_ < buffer_.size()) {
      const int64_t count =
          std::min<int64_t>(size, buffer_.size() - buffer_position_);
      std::memcpy(bytes, buffer_.data() + buffer_position_, count);
      buffer_position_ += count;
      bytes += count;
      size -= count;
      continue;
    }
    // Large data goes straight to where it belongs.
    const bool direct = size >= kReadAheadBytes;
    if (!direct) buffer_.resize(kReadAheadBytes);
    char* const target = direct ? bytes : buffer_.data();
    const ssize_t count =
        read(descriptor_, target, direct ? size : kReadAheadBytes);
    if (count < 0 && errno == EINTR) continue;
    if (!direct) {
      buffer_.resize(std::max<ssize_t>(count, 0));
      buffer_position_ = 0;
    }
    if (count < 0) return FileError(errno, path_, "cannot read");
    if (count == 0) {
      return absl::DataLossError(
          absl::StrCat(path_, ": became shorter while it was read"));
    }
    if (direct) {
      bytes += count;
      size -= count;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> RecordReader::Next(std::string* data) {
  const int64_t left = file_size_ - offset_;
  if (!status_.ok()) return status_;
  if (left == 0) return false;
  const auto damage = [&](absl::string_view what, bool torn) {
    at_torn_end_ = torn;
    status_ = absl::DataLossError(
        absl::StrCat(path_, ": ", what, " in the record at byte ", offset_));
    return status_;
  };
  if (left < kHeaderBytes) return damage("cut off", true);
  char header[kHeaderBytes];
  status_ = ReadBytes(header, kHeaderBytes);
  if (!status_.ok()) return status_;
  const uint64_t length = LoadInteger<uint64_t>(header);
  if (LoadInteger<uint32_t>(header + 8) != MaskCrc32c(Crc32c(header, 8))) {
    return damage("damaged length (checksum does not match)", false);
  }
  if (left < kHeaderBytes + kFooterBytes ||
      length > static_cast<uint64_t>(left - kHeaderBytes - kFooterBytes)) {
    return damage("cut off", true);
  }
  // The rest of a sparse file has room for any length.
  status_ = CheckMemory(path_, static_cast<double>(length),
                        "a record that large is damaged or a larger machine's");
  if (!status_.ok()) return status_;
  data->resize(length);
  status_ = ReadBytes(data->data(), length);
  if (!status_.ok()) return status_;
  char footer[kFooterBytes];
  status_ = ReadBytes(footer, kFooterBytes);
  if (!status_.ok()) return status_;
  const int64_t next =
      offset_ + kHeaderBytes + static_cast<int64_t>(length) + kFooterBytes;
  if (LoadInteger<uint32_t>(footer) != MaskCrc32c(Crc32c(*data))) {
    // Blocks of the last write that never reached the disk read as zeros.
    return damage("damaged data (checksum does not match)", next == file_size_);
  }
  offset_ = next;
  return true;
}

}  // namespace tritlab
