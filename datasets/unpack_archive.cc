#include "datasets/unpack_archive.h"

#include <errno.h>
#include <stdio.h>

#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/random_access_file.h"
#include "base/status_macros.h"
#include "datasets/tar_reader.h"

namespace tritlab {
namespace {

// Where a member belongs within `folder`; empty for the folder itself.
absl::StatusOr<std::string> PathWithin(absl::string_view folder,
                                       const TarReader::Member& member,
                                       const std::string& archive) {
  const auto refuse = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(
        archive, ": ", member.name, " ", why, ", which is not allowed"));
  };
  if (!member.file && !member.folder)
    return refuse("is a link or no regular file");
  if (absl::StartsWith(member.name, "/")) return refuse("is an absolute name");
  if (member.name.find('\0') != std::string::npos)
    return refuse("has a zero byte in its name");
  std::vector<absl::string_view> parts;
  for (absl::string_view part : absl::StrSplit(member.name, '/')) {
    if (part == "..") return refuse("has .. in its name");
    if (!part.empty() && part != ".") parts.push_back(part);
  }
  if (parts.empty() && member.folder) return std::string();  // ./
  if (parts.empty() || parts[0] != folder ||
      (member.file && parts.size() == 1)) {
    return refuse(absl::StrCat("is not in the folder ", folder, "/"));
  }
  return absl::StrJoin(parts.begin() + 1, parts.end(), "/");
}

absl::Status UnpackInto(const std::string& archive, const std::string& name,
                        const std::string& folder, int64_t max_bytes) {
  ASSIGN_OR_RETURN(const std::unique_ptr<RandomAccessFile> file,
                   RandomAccessFile::Open(archive));
  ASSIGN_OR_RETURN(const std::unique_ptr<TarReader> reader,
                   TarReader::Open(*file, 0, file->size(), archive));
  TarReader::Member member;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, reader->Next(&member));
    if (!more) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string within,
                     PathWithin(name, member, archive));
    const std::string path = JoinPath(folder, within);
    if (member.folder) {
      RETURN_IF_ERROR(MakeDirectories(path));
      continue;
    }
    RETURN_IF_ERROR(
        MakeDirectories(std::filesystem::path(path).parent_path().string()));
    // The headers may state anything: what is there counts.
    ASSIGN_OR_RETURN(const std::string contents,
                     reader->ReadContents(max_bytes));
    max_bytes -= static_cast<int64_t>(contents.size());
    RETURN_IF_ERROR(WriteFileAtomically(path, contents));
  }
}

absl::Status Remove(const std::string& folder) {
  std::error_code error;  // links are removed, not followed
  std::filesystem::remove_all(folder, error);
  if (!error) return absl::OkStatus();
  return FileError(error.value(), folder, "cannot remove");
}

}  // namespace

absl::Status UnpackArchive(const std::string& archive, const std::string& name,
                           const std::string& parent, int64_t max_bytes) {
  const std::string target = JoinPath(parent, name);
  if (FileExists(target) || IsBrokenLink(target)) {
    return absl::AlreadyExistsError(
        absl::StrCat(target,
                     ": is there already and is not overwritten; remove it or "
                     "choose another folder"));
  }
  const std::string partial = absl::StrCat(target, ".partial");
  RETURN_IF_ERROR(Remove(partial));  // what a killed program left
  RETURN_IF_ERROR(MakeDirectories(partial));
  absl::Status status = UnpackInto(archive, name, partial, max_bytes);
  if (status.ok() && rename(partial.c_str(), target.c_str()) != 0)
    status = FileError(errno, target, "cannot rename to it");
  if (!status.ok()) {
    Remove(partial).IgnoreError();
    return status;
  }
  return FlushFolderOf(target);
}

}  // namespace tritlab
