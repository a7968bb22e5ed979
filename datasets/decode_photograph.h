// A JPEG of any size as a network sees it: parts of it, resampled to one size.
#ifndef TRITLAB_DATASETS_DECODE_PHOTOGRAPH_H_
#define TRITLAB_DATASETS_DECODE_PHOTOGRAPH_H_

#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"

namespace tritlab {

// Decodes no more of the file, and at no larger a scale, than the regions
// need (dataset.proto says at which). `choose` is called once, with the image's
// size. pixels: each region's, of `shape` (3 channels), one after the other;
// there is room for all. Errors are DecodeJpegPart's; `name` is the file.
absl::Status DecodePhotograph(absl::string_view bytes, absl::string_view name,
                              ChooseRegions choose, const ImageShape& shape,
                              std::span<uint8_t> pixels);

// What ResizeSpec.shorter_side is where it is not set.
int DefaultShorterSide(int crop);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_DECODE_PHOTOGRAPH_H_
