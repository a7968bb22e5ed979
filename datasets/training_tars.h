// ImageNet as it is handed out: ILSVRC2012_img_train.tar, a tar file of a tar
// file for each class, n01440764.tar and so on, of JPEG files.
#ifndef TRITLAB_DATASETS_TRAINING_TARS_H_
#define TRITLAB_DATASETS_TRAINING_TARS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"
#include "datasets/encoded_images.h"

namespace tritlab {

inline constexpr char kTrainingTar[] = "ILSVRC2012_img_train.tar";
inline constexpr char kValidationTar[] = "ILSVRC2012_img_val.tar";
// The classes of the validation images, one a line, in the order of the images'
// names; the file of that name in the scripts of TensorFlow's models.
inline constexpr char kValidationLabels[] =
    "imagenet_2012_validation_synset_labels.txt";

// Whether one of the two tar files is in `folder`.
bool HoldsTrainingTars(absl::string_view folder);

// One split out of them; nothing is unpacked. The test split is
// ILSVRC2012_img_val.tar with the labels above, both beside
// ILSVRC2012_img_train.tar. Classes are labelled in the order of their names'
// bytes, images in that of class and name (of the test split: of name), and
// classes.txt names them (class_list.h).
//
// NotFound: no tar file of the split. InvalidArgument, naming the file: a tar
// file that is damaged, cut off, compressed or empty; labels that do not fit.
absl::StatusOr<std::unique_ptr<EncodedImages>> OpenTrainingTars(
    absl::string_view folder, Split split);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_TRAINING_TARS_H_
