// Compresses for tests.
#ifndef TRITLAB_DATASETS_GZIP_WRITER_H_
#define TRITLAB_DATASETS_GZIP_WRITER_H_

#include <string>

namespace tritlab {

// The bytes as one gzip member. level: 0 (as they are) to 9.
std::string Gzip(std::string bytes, int level = 6);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_GZIP_WRITER_H_
