#include "datasets/gzip_reader.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

constexpr int64_t kBlockBytes = 1 << 18;
constexpr int kWindowBits = 15 + 16;  // the most, in gzip's format

}  // namespace

absl::StatusOr<bool> GzipReader::IsGzip(const RandomAccessFile& file,
                                        int64_t offset, int64_t size) {
  std::string magic;
  RETURN_IF_ERROR(file.Read(offset, std::min<int64_t>(size, 2), &magic));
  return magic == "\x1f\x8b";
}

GzipReader::GzipReader(const RandomAccessFile& file, int64_t offset,
                       int64_t size)
    : file_(file),
      position_(offset),
      end_(offset + size),
      block_(std::min(size, kBlockBytes)) {}

GzipReader::~GzipReader() {
  if (began_) inflateEnd(&stream_);
}

absl::Status GzipReader::Fill() {
  if (stream_.avail_in > 0 || position_ == end_) return absl::OkStatus();
  const int64_t count =
      std::min<int64_t>(static_cast<int64_t>(block_.size()), end_ - position_);
  RETURN_IF_ERROR(file_.Read(position_, count, block_.data()));
  position_ += count;
  stream_.next_in = reinterpret_cast<Bytef*>(block_.data());
  stream_.avail_in = static_cast<uInt>(count);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> GzipReader::Read(char* bytes, int64_t size) {
  stream_.next_out = reinterpret_cast<Bytef*>(bytes);
  stream_.avail_out = static_cast<uInt>(size);
  while (stream_.avail_out > 0) {
    RETURN_IF_ERROR(Fill());
    if (!in_member_) {
      // What fills up a tape's last block is no further member.
      while (stream_.avail_in > 0 && *stream_.next_in == 0) {
        ++stream_.next_in;
        --stream_.avail_in;
        RETURN_IF_ERROR(Fill());
      }
      if (stream_.avail_in == 0) break;
      const int result =
          began_ ? inflateReset(&stream_) : inflateInit2(&stream_, kWindowBits);
      if (result != Z_OK)
        return absl::ResourceExhaustedError("no memory to decompress with");
      began_ = in_member_ = true;
    }
    // Without further bytes it may still have some to give.
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      in_member_ = false;
    } else if (result == Z_BUF_ERROR) {
      return absl::InvalidArgumentError("its compressed data are cut off");
    } else if (result != Z_OK) {
      return absl::InvalidArgumentError(
          absl::StrCat("its compressed data are damaged: ",
                       stream_.msg == nullptr ? "gzip" : stream_.msg));
    }
  }
  return size - stream_.avail_out;
}

}  // namespace tritlab
