// Images as they are stored, not decoded yet: in a folder, an archive, records.
#ifndef TRITLAB_DATASETS_ENCODED_IMAGES_H_
#define TRITLAB_DATASETS_ENCODED_IMAGES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// A larger one is no image.
inline constexpr int64_t kMaxEncodedBytes = int64_t{256} << 20;

// One split. Immutable; all methods may be called from any thread.
class EncodedImages {
 public:
  virtual ~EncodedImages() = default;

  // What was read, for the report.
  const std::string& source() const { return source_; }
  // label -> name
  const std::vector<std::string>& class_names() const { return class_names_; }

  virtual int64_t size() const = 0;
  // Where image `index` in [0, size()) is, for messages.
  virtual std::string Name(int64_t index) const = 0;
  // Its file's bytes, not looked at, and its label, within the classes. Errors
  // name it.
  virtual absl::Status Read(int64_t index, std::string* bytes,
                            int32_t* label) const = 0;
  // Of names, labels and contents, in order: the same for a folder, a tar of it
  // and what //datasets:prepare packs of them. TFRecords, whose images have no
  // names, have one of their own. Of very many it may look at some alone. May
  // read them for it, about a second for each gigabyte. Errors are not of one
  // image.
  virtual absl::StatusOr<uint32_t> Checksum() const = 0;

 protected:
  EncodedImages(std::string source, std::vector<std::string> class_names)
      : source_(std::move(source)), class_names_(std::move(class_names)) {}

 private:
  const std::string source_;
  const std::vector<std::string> class_names_;
};

// Whether an error is of one image alone, which others may do without.
bool IsOfOneImage(const absl::Status& status);

// Names, labels and places of many images, in little memory.
class ImageIndex {
 public:
  // `size` is the file's, in bytes, `offset` where it begins.
  void Add(absl::string_view name, int32_t label, int64_t offset, int64_t size);

  int64_t size() const { return static_cast<int64_t>(entries_.size()); }
  absl::string_view name(int64_t index) const;
  int32_t label(int64_t index) const { return entries_[index].label; }
  int64_t offset(int64_t index) const { return entries_[index].offset; }
  int64_t bytes(int64_t index) const { return entries_[index].bytes; }

  // CRC-32C of label (32 bits), size (64 bits) and name of each.
  uint32_t checksum() const;

 private:
  struct Entry {
    int64_t name_end;
    int64_t offset;
    int64_t bytes;
    int32_t label;
  };
  std::string names_;  // one after the other
  std::vector<Entry> entries_;
};

// The least k for which each k-th image, from the first on, has `most_bytes`
// together at most; the number of images where there is none.
int64_t ChecksumStride(const ImageIndex& index, int64_t most_bytes);

// Of an index's images: CRC-32C of the index's checksum (32 bits), then of the
// CRC-32C (32 bits each) of the contents of each k-th image; k is 1 up to a
// gigabyte, and above it what keeps within that. `contents_crc`, called by all
// threads, gives that of an image; one whose error is its own counts as 0.
absl::StatusOr<uint32_t> ContentsChecksum(
    const ImageIndex& index,
    absl::FunctionRef<absl::StatusOr<uint32_t>(int64_t image)> contents_crc);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_ENCODED_IMAGES_H_
