#include "datasets/stored_images.h"

#include "absl/strings/str_cat.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

absl::Status TooLarge(absl::string_view name) {
  return absl::InvalidArgumentError(absl::StrCat(
      name, ": is larger than an image of ", kMaxEncodedBytes >> 20, " MB"));
}

absl::StatusOr<uint32_t> ChecksumOf(const EncodedImages& images,
                                    const ImageIndex& index) {
  return ContentsChecksum(index,
                          [&](int64_t image) -> absl::StatusOr<uint32_t> {
                            std::string bytes;
                            int32_t label;
                            RETURN_IF_ERROR(images.Read(image, &bytes, &label));
                            return Crc32c(bytes);
                          });
}

}  // namespace

absl::Status BrokenLinkError(absl::string_view path) {
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": is a broken link or was removed; restore or remove it"));
}

std::string FolderImages::Name(int64_t index) const {
  return JoinPath(source(), index_.name(index));
}

absl::Status FolderImages::Read(int64_t index, std::string* bytes,
                                int32_t* label) const {
  const std::string name = Name(index);
  const auto file = RandomAccessFile::Open(name);
  if (!file.ok() && (absl::IsNotFound(file.status()) || IsBrokenLink(name)))
    return BrokenLinkError(name);
  RETURN_IF_ERROR(file.status());
  if ((*file)->size() > kMaxEncodedBytes) return TooLarge(name);
  if ((*file)->size() != index_.bytes(index)) {
    return absl::FailedPreconditionError(
        absl::StrCat(name, ": has ", (*file)->size(), " bytes, and had ",
                     index_.bytes(index),
                     " when its folder was listed; leave images alone "
                     "while they are used"));
  }
  RETURN_IF_ERROR((*file)->Read(0, (*file)->size(), bytes));
  *label = index_.label(index);
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> FolderImages::Checksum() const {
  return ChecksumOf(*this, index_);
}

std::string ArchivedImages::Name(int64_t index) const {
  return absl::StrCat(source(), ": ", index_.name(index));
}

absl::Status ArchivedImages::Read(int64_t index, std::string* bytes,
                                  int32_t* label) const {
  *label = index_.label(index);
  if (file_ == nullptr) {
    *bytes = contents_[index];
    return absl::OkStatus();
  }
  if (index_.bytes(index) > kMaxEncodedBytes) return TooLarge(Name(index));
  return file_->Read(index_.offset(index), index_.bytes(index), bytes);
}

absl::StatusOr<uint32_t> ArchivedImages::Checksum() const {
  return ChecksumOf(*this, index_);
}

}  // namespace tritlab
