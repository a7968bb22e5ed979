#include "inference/test_images.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "datasets/encoded_images.h"
#include "datasets/jpeg.h"
#include "datasets/packed_photographs.h"

namespace tritlab {
namespace {

// Whether one of the images that can be read has another size.
bool HasOtherSize(const EncodedImages& images, const ImageShape& shape) {
  for (int64_t i = 0; i < images.size(); ++i) {
    std::string bytes;
    int32_t label;
    if (!images.Read(i, &bytes, &label).ok()) continue;
    const auto of_image = JpegShape(bytes, images.Name(i));
    if (of_image.ok() &&
        (of_image->height != shape.height || of_image->width != shape.width))
      return true;
  }
  return false;
}

absl::StatusOr<bool> NeedsResize(const DatasetSpec& spec,
                                 absl::string_view data_root,
                                 const ImageShape& shape) {
  if (spec.name() == "imagenet" || spec.name() == "tfrecord") return true;
  if (spec.name() != "imagefolder") return false;
  if (absl::EndsWith(spec.source(), ".packed"))
    return IsPackedPhotographs(JoinPath(data_root, spec.source()));
  ASSIGN_OR_RETURN(const auto images,
                   OpenEncodedImages(spec, data_root, Split::kTest));
  return HasOtherSize(*images, shape);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> OpenTestImages(
    DatasetSpec spec, absl::string_view data_root, const ImageShape& shape,
    const OpenOptions& options) {
  bool needs_resize = false;
  // What is wrong with the spec is OpenDataset's to say.
  if (spec.name() != "imagefolder" || !spec.source().empty()) {
    ASSIGN_OR_RETURN(needs_resize, NeedsResize(spec, data_root, shape));
  }
  if (needs_resize) {
    spec.mutable_resize()->set_crop(shape.height);
  } else if (spec.name() == "imagefolder") {
    spec.clear_resize();
  }
  return OpenDataset(spec, data_root, Split::kTest, options);
}

}  // namespace tritlab
