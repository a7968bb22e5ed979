#include "inference/packed_model_archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/memory.h"
#include "base/status_macros.h"
#include "inference/packed_model_header.h"

namespace tritlab {
namespace {

namespace header = packed_model_header;

constexpr absl::string_view kZstdMagic("\x28\xb5\x2f\xfd", 4);
constexpr char kLevel[] = "zstd:compression-level=19";
constexpr size_t kPieceBytes = 1 << 16;

constexpr double kAllowedBytes = 64 << 20;
constexpr double kAllowedRatio = 256;

// How long a file in an archive of this length may be.
double LargestFile(absl::string_view archive) {
  return kAllowedBytes + kAllowedRatio * static_cast<double>(archive.size());
}

struct Freed {
  void operator()(archive* stream) const { archive_free(stream); }
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Archive = std::unique_ptr<archive, Freed>;

absl::string_view Reason(archive* stream) {
  const char* const reason = archive_error_string(stream);
  return reason == nullptr ? "unknown error" : reason;
}

la_ssize_t AppendTo(archive*, void* result, const void* bytes, size_t count) {
  static_cast<std::string*>(result)->append(static_cast<const char*>(bytes),
                                            count);
  return static_cast<la_ssize_t>(count);
}

// libarchive would run a program of that name instead.
absl::Status NoZstd() {
  return absl::UnimplementedError(
      "this machine's libarchive has no zstd; use the model.trit itself");
}

}  // namespace

bool IsPackedModelArchive(absl::string_view bytes) {
  return absl::StartsWith(bytes, kZstdMagic);
}

absl::StatusOr<std::string> CompressPackedModel(absl::string_view file) {
  std::string result;
  const Archive writer(archive_write_new());
  const std::unique_ptr<archive_entry, Freed> entry(archive_entry_new());
  if (archive_write_add_filter_zstd(writer.get()) != ARCHIVE_OK)
    return NoZstd();
  archive_entry_set_pathname(entry.get(), "model.trit");
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.size()));
  // Else the last block would be filled up with zeros.
  archive_write_set_bytes_in_last_block(writer.get(), 1);
  if (archive_write_set_format_raw(writer.get()) != ARCHIVE_OK ||
      archive_write_set_options(writer.get(), kLevel) != ARCHIVE_OK ||
      archive_write_open(writer.get(), &result, nullptr, AppendTo, nullptr) !=
          ARCHIVE_OK ||
      archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK ||
      archive_write_data(writer.get(), file.data(), file.size()) !=
          static_cast<la_ssize_t>(file.size()) ||
      archive_write_close(writer.get()) != ARCHIVE_OK) {
    return absl::InternalError(
        absl::StrCat("cannot be compressed: ", Reason(writer.get())));
  }
  if (static_cast<double>(file.size()) > LargestFile(result)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%d bytes shrink to %d, which a reader takes for an attack; ship the "
        "model.trit itself",
        file.size(), result.size()));
  }
  return result;
}

absl::StatusOr<std::string> DecompressPackedModel(absl::string_view archive,
                                                  absl::string_view name) {
  const auto damaged = [&](absl::string_view what) {
    return absl::DataLossError(absl::StrCat(
        name, ": the archive is damaged or cut off (", what, "); get it anew"));
  };
  const Archive reader(archive_read_new());
  if (archive_read_support_filter_zstd(reader.get()) != ARCHIVE_OK)
    return NoZstd();
  archive_read_support_format_raw(reader.get());
  // Exactly one filter: an archive in an archive is not opened.
  archive_read_append_filter(reader.get(), ARCHIVE_FILTER_ZSTD);
  archive_entry* entry = nullptr;
  if (archive_read_open_memory(reader.get(), archive.data(), archive.size()) !=
          ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) {
    return damaged("nothing comes out of it");
  }
  std::string file;
  uint64_t said = header::kBytes;  // until the header is there
  std::string piece(kPieceBytes, '\0');
  while (true) {
    const la_ssize_t count =
        archive_read_data(reader.get(), piece.data(), piece.size());
    if (count < 0) return damaged(Reason(reader.get()));
    if (count == 0) break;
    const bool header_is_new = file.size() < header::kBytes;
    file.append(piece.data(), static_cast<size_t>(count));
    if (header_is_new && file.size() >= header::kBytes) {
      if (!absl::StartsWith(file, header::kMagic)) {
        return absl::InvalidArgumentError(absl::StrCat(
            name, ": what is compressed in it is not a packed model"));
      }
      said = header::Get<uint64_t>(file, header::kFileBytesAt);
      if (static_cast<double>(said) > LargestFile(archive)) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "%s: an archive of %d bytes says that %d are in it, which no "
            "network's takes; get the model.trit itself",
            name, archive.size(), said));
      }
      RETURN_IF_ERROR(CheckMemory(name, static_cast<double>(said),
                                  "use a smaller network"));
    }
    if (file.size() >= header::kBytes && file.size() > said) {
      return damaged(absl::StrFormat(
          "more than the %d bytes that it says are in it", said));
    }
  }
  if (file.size() < header::kBytes || file.size() != said) {
    return damaged(absl::StrFormat("%d bytes are in it", file.size()));
  }
  return file;
}

}  // namespace tritlab
