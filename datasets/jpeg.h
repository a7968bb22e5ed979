// JPEG files to RGB bytes, over libjpeg(-turbo) with its default (accurate)
// settings, as other training programs decode them.
#ifndef TRITLAB_DATASETS_JPEG_H_
#define TRITLAB_DATASETS_JPEG_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"

namespace tritlab {

// Both give InvalidArgument for what is not a JPEG, for CMYK colours, for
// images of more than 16,384 pixels a side and for more than 500 progressive
// scans. `name` is the file, for messages.

// Height and width from the header, and 3 channels.
absl::StatusOr<ImageShape> JpegShape(absl::string_view bytes,
                                     absl::string_view name);

// Decodes into `pixels`, of shape.size() bytes; grey becomes RGB. Also refused
// are an image of another size than `shape`, and one that is cut off or
// damaged, even where something could be made up for what is missing.
absl::Status DecodeJpeg(absl::string_view bytes, absl::string_view name,
                        const ImageShape& shape, uint8_t* pixels);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_JPEG_H_
