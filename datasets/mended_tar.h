// For fuzzers: tar files whose damage does not hide behind checksums.
#ifndef TRITLAB_DATASETS_MENDED_TAR_H_
#define TRITLAB_DATASETS_MENDED_TAR_H_

#include <string>

namespace tritlab {

// The bytes with the checksum of each member's header made right, which no
// blind change would get past. Members follow each other as far as their sizes
// can be read.
std::string MendedTar(std::string bytes);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_MENDED_TAR_H_
