#include "datasets/image_archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/memory.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

constexpr int64_t kMaxFileBytes = int64_t{256} << 20;

struct ArchiveFree {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

// The parts of an entry's path, without empty ones and `.`
std::vector<std::string> PathParts(absl::string_view path) {
  std::vector<std::string> parts;
  for (absl::string_view part : absl::StrSplit(path, '/')) {
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  return parts;
}

bool IsSplitName(absl::string_view name) {
  return name == "train" || name == "test" || name == "val";
}

absl::Status ArchiveError(absl::string_view path, archive* reader) {
  const char* const reason = archive_error_string(reader);
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": is not a whole .tar or .tar.gz file (",
      reason == nullptr ? "unknown error" : reason, "); get it again"));
}

absl::StatusOr<std::string> ReadEntry(absl::string_view path,
                                      absl::string_view entry_name,
                                      archive* reader) {
  std::string bytes;
  std::vector<char> piece(1 << 16);
  while (true) {
    const la_ssize_t count =
        archive_read_data(reader, piece.data(), piece.size());
    if (count < 0) return ArchiveError(path, reader);
    if (count == 0) return bytes;
    if (static_cast<int64_t>(bytes.size()) + count > kMaxFileBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": ", entry_name, " is larger than an image of ",
                       kMaxFileBytes >> 20, " MB"));
    }
    bytes.append(piece.data(), count);
  }
}

// Whether the file ends with at least two blocks of zeros, as a tar file does.
bool EndsWithEndOfArchive(const std::string& path) {
  std::string mark(1024, 'x');
  std::ifstream file(path, std::ios::binary);
  file.seekg(-1024, std::ios::end);
  file.read(mark.data(), 1024);
  return file.good() && mark == std::string(1024, '\0');
}

}  // namespace

bool IsImageName(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  return !absl::StartsWith(lower, ".") &&
         (absl::EndsWith(lower, ".jpg") || absl::EndsWith(lower, ".jpeg"));
}

absl::StatusOr<ImageTree> ReadImageArchive(absl::string_view path,
                                           bool (*wanted)(absl::string_view)) {
  const std::string path_string(path);
  const std::unique_ptr<archive, ArchiveFree> reader(archive_read_new());
  archive_read_support_format_tar(reader.get());
  archive_read_support_filter_gzip(reader.get());
  if (archive_read_open_filename(reader.get(), path_string.c_str(), 1 << 18) !=
      ARCHIVE_OK) {
    return ArchiveError(path, reader.get());
  }
  ImageTree tree;
  std::string prefix;  // what stands before the split, the same for all
  bool prefix_known = false;
  int64_t total_bytes = 0;
  while (true) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(reader.get(), &entry);
    if (result == ARCHIVE_EOF) break;
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
      return ArchiveError(path, reader.get());
    }
    const char* raw_name = archive_entry_pathname(entry);
    // Names beyond ASCII do not go through the "C" locale.
    if (raw_name == nullptr) raw_name = archive_entry_pathname_utf8(entry);
    if (raw_name == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": has a file whose name cannot be read"));
    }
    const std::string name = raw_name;
    std::vector<std::string> parts = PathParts(name);
    for (const std::string& part : parts) {
      if (part == "..") {
        return absl::InvalidArgumentError(absl::StrCat(
            path, ": ", name, " has .. in its path, which is not allowed"));
      }
    }
    const bool folder = archive_entry_filetype(entry) == AE_IFDIR;
    // PREFIX/SPLIT/CLASS for a folder, PREFIX/SPLIT/CLASS/FILE for a file.
    const size_t depth = folder ? 2 : 3;
    if (parts.size() < depth || !IsSplitName(parts[parts.size() - depth])) {
      continue;
    }
    if (!folder && !IsImageName(parts.back())) continue;
    // A hidden class folder.
    if (absl::StartsWith(parts[parts.size() - (folder ? 1 : 2)], ".")) continue;
    if (!folder && (archive_entry_filetype(entry) != AE_IFREG ||
                    archive_entry_hardlink(entry) != nullptr)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": ", name,
                       " is a link or no regular file; put the file itself "
                       "into the archive"));
    }
    const std::string split = parts[parts.size() - depth];
    const std::string entry_prefix =
        absl::StrJoin(parts.begin(), parts.end() - depth, "/");
    if (!prefix_known) {
      prefix = entry_prefix;
      prefix_known = true;
    } else if (prefix != entry_prefix) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": ", name, " is of another dataset than ", prefix,
                       "/", split, "; put one dataset into an archive"));
    }
    auto& classes = tree[split];
    if (folder) {
      classes[parts.back()];
      continue;
    }
    std::string bytes;
    if (wanted(split)) {
      ASSIGN_OR_RETURN(bytes, ReadEntry(path, name, reader.get()));
      total_bytes += bytes.size();
      RETURN_IF_ERROR(CheckMemory(path, static_cast<double>(total_bytes),
                                  "use smaller or fewer images"));
    }
    auto& files = classes[parts[parts.size() - 2]];
    if (!files.emplace(parts.back(), std::move(bytes)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": ", name, " is in the archive twice"));
    }
  }
  // Compressed files have a checksum; a .tar file that was cut off between two
  // entries shows it only here.
  if (archive_filter_code(reader.get(), 0) == ARCHIVE_FILTER_NONE &&
      !EndsWithEndOfArchive(path_string)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": is cut off (no end-of-archive mark); get it again"));
  }
  return tree;
}

}  // namespace tritlab
