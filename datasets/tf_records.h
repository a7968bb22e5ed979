// Images in TFRecord files of tf.Example, as the scripts of TensorFlow's models
// write ImageNet.
#ifndef TRITLAB_DATASETS_TF_RECORDS_H_
#define TRITLAB_DATASETS_TF_RECORDS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"
#include "datasets/encoded_images.h"

namespace tritlab {

struct TfRecordOptions {
  // The label of the first class. 1 in ImageNet's files of that layout, where 0
  // is for the background; 0 in others.
  int first_label = 1;
  // How many there are where `folder`/classes.txt does not name them, one a
  // line in the order of their labels.
  int classes = 1000;
};

// One split of a folder: the files train-* , or validation-* (where there is
// none, val-* or test-*), in the order of their names' bytes. Where they are
// called NAME-00003-of-00128, all of them must be there. A record is a
// tf.Example with a JPEG file in the bytes feature `image/encoded` and its
// label in the int64 feature `image/class/label`; others are passed over.
//
// To open it the files' framing alone is read: 16 bytes a record. A record's
// checksum is verified whenever it is read. Messages say where it is: "FILE:
// the record at byte N".
//
// NotFound: no files of the split. InvalidArgument or DataLoss, naming the
// file: one that is missing, cut off or no TFRecord file.
absl::StatusOr<std::unique_ptr<EncodedImages>> OpenTfRecords(
    absl::string_view folder, Split split, const TfRecordOptions& options);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_TF_RECORDS_H_
