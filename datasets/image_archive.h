// Which images are in a tar file.
#ifndef TRITLAB_DATASETS_IMAGE_ARCHIVE_H_
#define TRITLAB_DATASETS_IMAGE_ARCHIVE_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/random_access_file.h"

namespace tritlab {

struct StoredImage {
  int64_t size = 0;     // of the file, in bytes
  int64_t offset = -1;  // in an archive that is not compressed
  std::string bytes;    // out of one that is
};

struct ImageTree {
  // Split folder -> class folder -> file name.
  std::map<std::string,
           std::map<std::string, std::map<std::string, StoredImage>>>
      splits;
  std::string class_list;  // what is in classes.txt beside the split folders
};

// Whether a file of this name holds an image to read.
bool IsImageName(absl::string_view name);

// The images of a .tar or .tar.gz file under train/, test/ and val/, and the
// class folders even where they are empty. Those of a compressed file are read
// into memory of splits where `wanted(split)` is true.
absl::StatusOr<ImageTree> ReadImageArchive(const RandomAccessFile& file,
                                           bool (*wanted)(absl::string_view));

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_IMAGE_ARCHIVE_H_
