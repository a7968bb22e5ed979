#include "datasets/dataset_flags.h"

#include "absl/strings/str_replace.h"

namespace tritlab {

absl::Status InFlags(const absl::Status& status,
                     absl::string_view resize_flag) {
  return absl::Status(
      status.code(),
      absl::StrReplaceAll(status.message(),
                          {{"dataset.name", "--dataset"},
                           {"dataset.source", "--source"},
                           {"dataset.resize.shorter_side", resize_flag},
                           {"dataset.resize", resize_flag},
                           {"dataset.first_label", "--first_label"},
                           {"dataset.classes", "--classes"}}));
}

}  // namespace tritlab
