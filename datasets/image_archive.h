// The images of one split out of a tar file.
#ifndef TRITLAB_DATASETS_IMAGE_ARCHIVE_H_
#define TRITLAB_DATASETS_IMAGE_ARCHIVE_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// Split folder -> class folder -> file name -> what is in the file.
using ImageTree =
    std::map<std::string,
             std::map<std::string, std::map<std::string, std::string>>>;

// Whether a file of this name holds an image to read.
bool IsImageName(absl::string_view name);

// The images of a .tar or .tar.gz file under train/, test/ and val/, and the
// class folders even where they are empty. The contents are read of splits
// where `wanted(split)` is true; of others they are left empty.
absl::StatusOr<ImageTree> ReadImageArchive(absl::string_view path,
                                           bool (*wanted)(absl::string_view));

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_IMAGE_ARCHIVE_H_
