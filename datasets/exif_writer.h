// Makes Exif blocks for tests.
#ifndef TRITLAB_DATASETS_EXIF_WRITER_H_
#define TRITLAB_DATASETS_EXIF_WRITER_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tritlab {

// The contents of an APP1 marker that says the orientation.
std::string ExifMarker(int orientation, bool big_endian);

// The JPEG with that marker in it.
std::string WithExif(absl::string_view jpeg, absl::string_view marker);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_EXIF_WRITER_H_
