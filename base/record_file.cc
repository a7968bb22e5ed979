#include "base/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/record_frame.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

constexpr int64_t kReadAheadBytes = 1 << 18;

}  // namespace

std::string FrameRecord(absl::string_view data) {
  return absl::StrCat(RecordHeader(data.size()), data, RecordFooter(data));
}

absl::StatusOr<std::unique_ptr<RecordWriter>> RecordWriter::Create(
    absl::string_view path) {
  ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file, AtomicFile::Create(path));
  return std::unique_ptr<RecordWriter>(new RecordWriter(std::move(file)));
}

absl::Status RecordWriter::Write(absl::string_view data) {
  RETURN_IF_ERROR(file_->Append(RecordHeader(data.size())));
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
  ASSIGN_OR_RETURN(std::unique_ptr<RandomAccessFile> file,
                   RandomAccessFile::Open(path));
  return std::unique_ptr<RecordReader>(new RecordReader(std::move(file)));
}

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
    if (size >= kReadAheadBytes) {
      RETURN_IF_ERROR(file_->Read(read_bytes_, size, bytes));
      read_bytes_ += size;
      return absl::OkStatus();
    }
    const int64_t ahead =
        std::min(kReadAheadBytes, file_->size() - read_bytes_);
    RETURN_IF_ERROR(file_->Read(read_bytes_, ahead, &buffer_));
    read_bytes_ += ahead;
    buffer_position_ = 0;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> RecordReader::Next(std::string* data) {
  if (!status_.ok()) return status_;
  if (offset_ == file_->size()) return false;
  status_ = ReadNext(data);
  if (!status_.ok()) return status_;
  return true;
}

absl::Status RecordReader::ReadNext(std::string* data) {
  const std::string& path = file_->path();
  const int64_t left = file_->size() - offset_;
  if (left < kRecordHeaderBytes) {
    at_torn_end_ = true;
    return RecordCutOff(path, offset_);
  }
  char header[kRecordHeaderBytes];
  RETURN_IF_ERROR(ReadBytes(header, sizeof(header)));
  ASSIGN_OR_RETURN(const uint64_t length,
                   RecordDataBytes(path, offset_, header));
  if (!RecordFits(length, left)) {
    at_torn_end_ = true;
    return RecordCutOff(path, offset_);
  }
  const auto data_bytes = static_cast<int64_t>(length);
  RETURN_IF_ERROR(CheckRecordMemory(path, data_bytes));
  data->resize(data_bytes);
  RETURN_IF_ERROR(ReadBytes(data->data(), data_bytes));
  char footer[kRecordFooterBytes];
  RETURN_IF_ERROR(ReadBytes(footer, sizeof(footer)));
  const int64_t next = offset_ + data_bytes + kRecordFrameBytes;
  if (absl::Status status = CheckRecordData(path, offset_, *data, footer);
      !status.ok()) {
    // Blocks of the last write that never reached the disk read as zeros.
    at_torn_end_ = next == file_->size();
    return status;
  }
  offset_ = next;
  return absl::OkStatus();
}

}  // namespace tritlab
