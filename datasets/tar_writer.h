// Makes tar files for tests.
#ifndef TRITLAB_DATASETS_TAR_WRITER_H_
#define TRITLAB_DATASETS_TAR_WRITER_H_

#include <string>
#include <utility>
#include <vector>

namespace tritlab {

// Path -> contents; a path that ends in / is a folder, one whose contents
// begin with "-> " a symbolic link, with "=> " a hard one.
using TarFiles = std::vector<std::pair<std::string, std::string>>;

// The bytes of an archive of them.
std::string MakeTar(const TarFiles& files, bool gzip = false);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_TAR_WRITER_H_
