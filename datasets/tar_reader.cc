#include "datasets/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

// Little, for what follows a header is passed over mostly; a compressed file
// is read whole.
constexpr int64_t kBlockBytes = 1 << 12;
constexpr int64_t kCompressedBlockBytes = 1 << 18;
// Two blocks of zeros end a tar file.
constexpr int64_t kEndMarkBytes = 1024;

}  // namespace

// What libarchive's callbacks read from.
struct TarReader::Source {
  const RandomAccessFile& file;
  const int64_t begin;
  const int64_t end;
  int64_t position;
  absl::Status status;
  std::vector<char> block;

  static la_ssize_t Read(archive* reader, void* data, const void** bytes) {
    auto& source = *static_cast<Source*>(data);
    const int64_t count =
        std::min<int64_t>(static_cast<int64_t>(source.block.size()),
                          source.end - source.position);
    source.status =
        source.file.Read(source.position, count, source.block.data());
    if (!source.status.ok()) {
      archive_set_error(reader, EIO, "it cannot be read");
      return -1;
    }
    source.position += count;
    *bytes = source.block.data();
    return count;
  }

  static la_int64_t Skip(archive* /*reader*/, void* data, la_int64_t request) {
    auto& source = *static_cast<Source*>(data);
    const int64_t count =
        std::clamp<int64_t>(request, 0, source.end - source.position);
    source.position += count;
    return count;
  }
};

absl::StatusOr<std::unique_ptr<TarReader>> TarReader::Open(
    const RandomAccessFile& file, int64_t offset, int64_t size,
    const std::string& name) {
  std::string magic;
  RETURN_IF_ERROR(file.Read(offset, std::min<int64_t>(size, 2), &magic));
  const bool compressed = magic == "\x1f\x8b";
  std::unique_ptr<Source> source(new Source{
      file, offset, offset + size, offset, absl::OkStatus(),
      std::vector<char>(compressed ? kCompressedBlockBytes : kBlockBytes)});
  std::unique_ptr<TarReader> reader(new TarReader(name, std::move(source)));
  archive_read_support_format_tar(reader->archive_);
  archive_read_support_filter_gzip(reader->archive_);
  if (archive_read_open2(reader->archive_, reader->source_.get(), nullptr,
                         Source::Read, Source::Skip, nullptr) != ARCHIVE_OK) {
    return reader->Error();
  }
  return reader;
}

TarReader::TarReader(const std::string& name, std::unique_ptr<Source> source)
    : name_(name), source_(std::move(source)), archive_(archive_read_new()) {}

TarReader::~TarReader() { archive_read_free(archive_); }

absl::Status TarReader::Error() const {
  if (!source_->status.ok()) return source_->status;
  const char* const reason = archive_error_string(archive_);
  return absl::InvalidArgumentError(absl::StrCat(
      name_, ": is not a whole .tar or .tar.gz file (",
      reason == nullptr ? "unknown error" : reason, "); get it again"));
}

absl::StatusOr<bool> TarReader::Next(Member* member) {
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(archive_, &entry);
  const bool compressed =
      archive_filter_code(archive_, 0) != ARCHIVE_FILTER_NONE;
  if (result == ARCHIVE_EOF) {
    // Compressed files have a checksum; a .tar file that was cut off between
    // two members shows it only here.
    if (compressed) return false;
    const int64_t end = source_->begin + archive_read_header_position(archive_);
    std::string mark;
    if (source_->end - end >= kEndMarkBytes)
      RETURN_IF_ERROR(source_->file.Read(end, kEndMarkBytes, &mark));
    if (mark == std::string(kEndMarkBytes, '\0')) return false;
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
  member->offset =
      compressed ? -1 : source_->begin + archive_filter_bytes(archive_, 0);
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
