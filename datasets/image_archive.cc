#include "datasets/image_archive.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/memory.h"
#include "base/status_macros.h"
#include "datasets/class_list.h"
#include "datasets/encoded_images.h"
#include "datasets/tar_reader.h"

namespace tritlab {
namespace {

// The parts of a member's path, without empty ones and `.`
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

// What a member takes beside its name, once it is known.
constexpr size_t kMemberBytes = 256;

// What is kept of an archive.
class MemoryTaken {
 public:
  explicit MemoryTaken(const std::string& path) : path_(path) {}

  absl::Status Take(size_t bytes) {
    constexpr int64_t kStep = 1 << 20;
    const int64_t before = bytes_;
    bytes_ += static_cast<int64_t>(bytes);
    if (bytes_ / kStep == before / kStep) return absl::OkStatus();
    return CheckMemory(path_, static_cast<double>(bytes_),
                       "unpack the archive");
  }

 private:
  const std::string& path_;
  int64_t bytes_ = 0;
};

}  // namespace

bool IsImageName(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  return !absl::StartsWith(lower, ".") &&
         (absl::EndsWith(lower, ".jpg") || absl::EndsWith(lower, ".jpeg"));
}

absl::StatusOr<ImageTree> ReadImageArchive(const RandomAccessFile& file,
                                           bool (*wanted)(absl::string_view)) {
  const std::string& path = file.path();
  ASSIGN_OR_RETURN(const std::unique_ptr<TarReader> reader,
                   TarReader::Open(file, 0, file.size(), path));
  ImageTree tree;
  std::string prefix;  // what stands before the split, the same for all
  bool prefix_known = false;
  std::map<std::string, std::string> class_lists;  // by what stands before
  MemoryTaken memory(path);
  TarReader::Member member;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, reader->Next(&member));
    if (!more) break;
    const std::string& name = member.name;
    RETURN_IF_ERROR(memory.Take(kMemberBytes + name.size()));
    std::vector<std::string> parts = PathParts(name);
    if (absl::StartsWith(name, "/")) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": ", name, " is an absolute name, which is not allowed"));
    }
    if (absl::c_linear_search(parts, "..")) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": ", name, " has .. in its path, which is not allowed"));
    }
    if (member.file && !parts.empty() && parts.back() == "classes.txt") {
      parts.pop_back();
      std::string& list = class_lists[absl::StrJoin(parts, "/")];
      ASSIGN_OR_RETURN(list, reader->ReadContents(kMaxClassListBytes));
      RETURN_IF_ERROR(memory.Take(list.size()));
      continue;
    }
    // PREFIX/SPLIT/CLASS for a folder, PREFIX/SPLIT/CLASS/FILE for a file.
    const size_t depth = member.folder ? 2 : 3;
    if (parts.size() < depth || !IsSplitName(parts[parts.size() - depth])) {
      continue;
    }
    if (!member.folder && !IsImageName(parts.back())) continue;
    // A hidden class folder.
    if (absl::StartsWith(parts[parts.size() - (member.folder ? 1 : 2)], "."))
      continue;
    if (!member.folder && !member.file) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": ", name,
                       " is a link or no regular file; put the file itself "
                       "into the archive"));
    }
    const std::string split = parts[parts.size() - depth];
    const std::string member_prefix =
        absl::StrJoin(parts.begin(), parts.end() - depth, "/");
    if (!prefix_known) {
      prefix = member_prefix;
      prefix_known = true;
    } else if (prefix != member_prefix) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": ", name, " is of another dataset than ", prefix,
                       "/", split, "; put one dataset into an archive"));
    }
    auto& classes = tree.splits[split];
    if (member.folder) {
      classes[parts.back()];
      continue;
    }
    StoredImage image{member.size, member.offset, ""};
    if (member.offset < 0 && wanted(split)) {
      ASSIGN_OR_RETURN(image.bytes, reader->ReadContents(kMaxEncodedBytes));
      image.size = static_cast<int64_t>(image.bytes.size());
      RETURN_IF_ERROR(memory.Take(image.bytes.size()));
    }
    auto& files = classes[parts[parts.size() - 2]];
    if (!files.emplace(parts.back(), std::move(image)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": ", name, " is in the archive twice"));
    }
  }
  if (const auto list = class_lists.find(prefix); list != class_lists.end())
    tree.class_list = list->second;
  return tree;
}

}  // namespace tritlab
