// How a camera was held, from a JPEG's Exif block (CIPA DC-008, section 4.6).
#ifndef TRITLAB_DATASETS_EXIF_H_
#define TRITLAB_DATASETS_EXIF_H_

#include <cstdint>
#include <memory>
#include <span>

#include "datasets/region.h"

namespace tritlab {

// The Orientation field of an APP1 marker's contents: where the stored image's
// first row and first column are when it is looked at.
//
//   1 top, left      3 bottom, right    5 left, top       7 right, bottom
//   2 top, right     4 bottom, left     6 right, top      8 left, bottom
//
// 1, as stored, for whatever else the bytes are.
int ExifOrientation(std::span<const uint8_t> marker);

// Whether height and width change places.
inline bool SwapsSides(int orientation) { return orientation >= 5; }

// An RGB image as it is looked at.
// pixels: [stored.height][stored.width][3].
std::unique_ptr<uint8_t[]> Upright(const uint8_t* pixels,
                                   const ImageSize& stored, int orientation);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_EXIF_H_
