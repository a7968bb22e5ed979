#include "datasets/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "datasets/gzip_reader.h"

namespace tritlab {
namespace {

// Little, for what follows a header is passed over mostly; a compressed file
// is read whole.
constexpr int64_t kBlockBytes = 1 << 12;
constexpr int64_t kCompressedBlockBytes = 1 << 18;
// Two blocks of zeros end a tar file.
constexpr int64_t kEndMarkBytes = 1024;

}  // namespace

// What libarchive's callbacks read from. It could decompress by itself, but
// would not look at gzip's checksums.
struct TarReader::Source {
  const RandomAccessFile& file;
  const int64_t begin;
  const int64_t end;
  std::unique_ptr<GzipReader> gzip;  // null: it is not compressed
  std::vector<char> block;
  // Of the tar file: what has been read or passed over.
  int64_t position = 0;
  // Of a compressed one: the last bytes before `position`.
  std::string recent = {};
  absl::Status status = {};

  // The next block's size; 0 at the end.
  absl::StatusOr<int64_t> ReadBlock() {
    const auto most = static_cast<int64_t>(block.size());
    int64_t count = std::min(most, end - begin - position);
    if (gzip == nullptr) {
      RETURN_IF_ERROR(file.Read(begin + position, count, block.data()));
    } else {
      ASSIGN_OR_RETURN(count, gzip->Read(block.data(), most));
    }
    position += count;
    return count;
  }

  // Whether the tar file has the mark there. Reads a compressed one to its end,
  // and is called once.
  absl::StatusOr<bool> HasEndMark(int64_t at) {
    std::string mark;
    if (gzip == nullptr) {
      if (end - begin - at >= kEndMarkBytes)
        RETURN_IF_ERROR(file.Read(begin + at, kEndMarkBytes, &mark));
    } else {
      const auto known = static_cast<int64_t>(recent.size());
      mark =
          recent.substr(std::clamp<int64_t>(at - (position - known), 0, known));
      while (true) {
        ASSIGN_OR_RETURN(const int64_t count, ReadBlock());
        if (count == 0) break;
        if (mark.size() < kEndMarkBytes) mark.append(block.data(), count);
      }
      mark.resize(std::min<size_t>(mark.size(), kEndMarkBytes));
    }
    return mark == std::string(kEndMarkBytes, '\0');
  }

  static la_ssize_t Read(archive* reader, void* data, const void** bytes) {
    auto& source = *static_cast<Source*>(data);
    const absl::StatusOr<int64_t> count = source.ReadBlock();
    if (!count.ok()) {
      source.status = count.status();
      archive_set_error(reader, EIO, "it cannot be read");
      return -1;
    }
    const char* const block = source.block.data();
    if (source.gzip != nullptr) {
      if (source.recent.size() > source.block.size())
        source.recent.erase(0, source.recent.size() - source.block.size());
      source.recent.append(block, *count);
    }
    *bytes = block;
    return *count;
  }

  static la_int64_t Skip(archive* /*reader*/, void* data, la_int64_t request) {
    auto& source = *static_cast<Source*>(data);
    const int64_t count = std::clamp<int64_t>(
        request, 0, source.end - source.begin - source.position);
    source.position += count;
    return count;
  }
};

absl::StatusOr<std::unique_ptr<TarReader>> TarReader::Open(
    const RandomAccessFile& file, int64_t offset, int64_t size,
    const std::string& name) {
  ASSIGN_OR_RETURN(const bool compressed,
                   GzipReader::IsGzip(file, offset, size));
  std::unique_ptr<Source> source(new Source{
      file, offset, offset + size,
      compressed ? std::make_unique<GzipReader>(file, offset, size) : nullptr,
      std::vector<char>(compressed ? kCompressedBlockBytes : kBlockBytes)});
  std::unique_ptr<TarReader> reader(new TarReader(name, std::move(source)));
  archive_read_support_format_tar(reader->archive_);
  if (archive_read_open2(reader->archive_, reader->source_.get(), nullptr,
                         Source::Read, compressed ? nullptr : Source::Skip,
                         nullptr) != ARCHIVE_OK) {
    return reader->Error();
  }
  return reader;
}

TarReader::TarReader(const std::string& name, std::unique_ptr<Source> source)
    : name_(name), source_(std::move(source)), archive_(archive_read_new()) {}

TarReader::~TarReader() { archive_read_free(archive_); }

absl::Status TarReader::NotWhole(absl::string_view reason) const {
  return absl::InvalidArgumentError(
      absl::StrCat(name_, ": is not a whole .tar or .tar.gz file (", reason,
                   "); get it again"));
}

absl::Status TarReader::Error() const {
  const absl::Status& status = source_->status;
  if (absl::IsInvalidArgument(status)) return NotWhole(status.message());
  if (!status.ok()) return status;
  const char* const reason = archive_error_string(archive_);
  return NotWhole(reason == nullptr ? "unknown error" : reason);
}

absl::StatusOr<bool> TarReader::Next(Member* member) {
  if (ended_) return false;
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(archive_, &entry);
  if (result == ARCHIVE_EOF) {
    // That a file was cut off between two members shows only here.
    const absl::StatusOr<bool> whole =
        source_->HasEndMark(archive_read_header_position(archive_));
    if (!whole.ok()) {
      source_->status = whole.status();
      return Error();
    }
    ended_ = *whole;
    if (ended_) return false;
    return absl::InvalidArgumentError(absl::StrCat(
        name_, ": is cut off (no end-of-archive mark); get it again"));
  }
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return Error();
  const char* name = archive_entry_pathname(entry);
  // Names beyond ASCII do not go through the "C" locale.
  if (name == nullptr) name = archive_entry_pathname_utf8(entry);
  if (name == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(name_, ": has a file whose name cannot be read"));
  }
  member_ = name;
  member->name = name;
  member->folder = archive_entry_filetype(entry) == AE_IFDIR;
  member->file = archive_entry_filetype(entry) == AE_IFREG &&
                 archive_entry_hardlink(entry) == nullptr &&
                 archive_entry_sparse_count(entry) == 0;
  member->size = archive_entry_size(entry);
  // The header has been consumed, the contents have not.
  member->offset = source_->gzip != nullptr
                       ? -1
                       : source_->begin + archive_filter_bytes(archive_, 0);
  return true;
}

absl::StatusOr<std::string> TarReader::ReadContents(int64_t max_bytes) {
  std::string bytes;
  std::vector<char> piece(1 << 16);
  while (true) {
    const la_ssize_t count =
        archive_read_data(archive_, piece.data(), piece.size());
    if (count < 0) return Error();
    if (count == 0) return bytes;
    if (static_cast<int64_t>(bytes.size()) + count > max_bytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(name_, ": ", member_, " is larger than the ", max_bytes,
                       " bytes that are possible"));
    }
    bytes.append(piece.data(), count);
  }
}

}  // namespace tritlab
