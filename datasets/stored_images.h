// Encoded images that are files of a folder, or parts of one file.
#ifndef TRITLAB_DATASETS_STORED_IMAGES_H_
#define TRITLAB_DATASETS_STORED_IMAGES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/random_access_file.h"
#include "datasets/encoded_images.h"

namespace tritlab {

// "PATH: is a broken link or was removed; ..."
absl::Status BrokenLinkError(absl::string_view path);

// Files below `source`, by the names of the index. One whose size is no longer
// the index's is refused (FailedPrecondition): the folder is being changed.
class FolderImages : public EncodedImages {
 public:
  FolderImages(std::string source, std::vector<std::string> class_names,
               ImageIndex index)
      : EncodedImages(std::move(source), std::move(class_names)),
        index_(std::move(index)) {}

  int64_t size() const override { return index_.size(); }
  std::string Name(int64_t index) const override;
  absl::Status Read(int64_t index, std::string* bytes,
                    int32_t* label) const override;
  absl::StatusOr<uint32_t> Checksum() const override;

 private:
  const ImageIndex index_;
};

// Pieces of an archive, at the places of the index; or those that were taken
// out of it into memory.
class ArchivedImages : public EncodedImages {
 public:
  ArchivedImages(std::unique_ptr<RandomAccessFile> file,
                 std::vector<std::string> class_names, ImageIndex index)
      : EncodedImages(file->path(), std::move(class_names)),
        index_(std::move(index)),
        file_(std::move(file)) {}
  // contents[i] is image i.
  ArchivedImages(std::string source, std::vector<std::string> class_names,
                 ImageIndex index, std::vector<std::string> contents)
      : EncodedImages(std::move(source), std::move(class_names)),
        index_(std::move(index)),
        contents_(std::move(contents)) {}

  int64_t size() const override { return index_.size(); }
  std::string Name(int64_t index) const override;
  absl::Status Read(int64_t index, std::string* bytes,
                    int32_t* label) const override;
  absl::StatusOr<uint32_t> Checksum() const override;

 private:
  const ImageIndex index_;
  const std::unique_ptr<RandomAccessFile> file_;  // nullptr: in contents_
  const std::vector<std::string> contents_;
};

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_STORED_IMAGES_H_
