// Images as files: SPLIT/CLASS/*.jpg, in a folder or in an archive.
#ifndef TRITLAB_DATASETS_IMAGE_FOLDER_H_
#define TRITLAB_DATASETS_IMAGE_FOLDER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"
#include "datasets/encoded_images.h"

namespace tritlab {

// One split of `path`: a folder, or a .tar or .tar.gz file whose contents never
// touch the disk; in an archive folders may stand before SPLIT, the same for
// all images. SPLIT is `train`, or `test` (where there is none, `val`). Files
// are .jpg or .jpeg in any case; hidden and other files are passed over.
// Classes are those of `train` (of the test split where there is no `train`),
// labelled in the order of their names' bytes, and images are in the order of
// class and name, so a folder and its archive are the same dataset. Where
// classes.txt stands beside the splits it names the classes (class_list.h).
//
// Files are read when they are asked for; those of a compressed archive are in
// memory.
//
// NotFound: no such split. InvalidArgument, naming the file: an empty class
// folder, a class of the test split that is not in `train`; in an archive also
// links and `..`, and a .tar file without its end.
absl::StatusOr<std::unique_ptr<EncodedImages>> OpenImageFolder(
    absl::string_view path, Split split);

// The same split, all images of one size, decoded into memory. InvalidArgument
// also for what jpeg.h refuses, images of different sizes, a broken link.
absl::StatusOr<std::unique_ptr<Dataset>> ReadImageFolder(
    absl::string_view path, Split split, absl::string_view dataset_name,
    const Normalization& normalization);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_IMAGE_FOLDER_H_
