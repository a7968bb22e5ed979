// JPEG files to RGB bytes, over libjpeg(-turbo) with its default (accurate)
// settings, as other training programs decode them.
//
// Grey becomes RGB, and so does CMYK: R = 255 * (1 - C) * (1 - K), of inks in
// [0, 1] and without a colour profile. An image is turned as its Exif block
// says (exif.h); all sizes are those of the turned one.
//
// InvalidArgument, naming the file, for what is not a JPEG, saying what it is
// where that is known; for one that is cut off or damaged, even where something
// could be made up for what is missing (superfluous bytes are passed over); for
// more than 8 bits a channel; for more than 16,384 pixels a side or 2^27 in
// all; and for more than 500 progressive scans.
#ifndef TRITLAB_DATASETS_JPEG_H_
#define TRITLAB_DATASETS_JPEG_H_

#include <cstdint>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"
#include "datasets/region.h"

namespace tritlab {

// Height and width from the header, and 3 channels. `name` is the file, for
// messages.
absl::StatusOr<ImageShape> JpegShape(absl::string_view bytes,
                                     absl::string_view name);

// Decodes into `pixels`, of shape.size() bytes. InvalidArgument also for an
// image of another size than `shape`.
absl::Status DecodeJpeg(absl::string_view bytes, absl::string_view name,
                        const ImageShape& shape, uint8_t* pixels);

// What is wanted of an image: a smaller one, which the decoder makes in less
// time than the whole, and only a part of it.
struct JpegPart {
  int denominator = 1;  // 1, 2, 4 or 8
  // In the pixels of the smaller image, within it. All pixels that overlap it
  // and one more on each side will be there.
  Region part;
};

// An RGB image of which no more than what was wanted need be there.
struct DecodedJpeg {
  ImageSize full;  // in the file
  ImageSize size;  // of the smaller one: full / denominator, rounded up
  std::unique_ptr<uint8_t[]> pixels;  // [size.height][size.width][3]
};

// `choose` is called once, with the size in the file. The pixels are the same
// bytes as those of the whole; all of the file is read.
absl::StatusOr<DecodedJpeg> DecodeJpegPart(
    absl::string_view bytes, absl::string_view name,
    absl::FunctionRef<JpegPart(const ImageSize& full)> choose);

// The whole of what JpegPart makes smaller.
JpegPart WholeJpeg(const ImageSize& full, int denominator = 1);

// A side of the smaller image.
inline int Reduced(int side, int denominator) {
  return (side + denominator - 1) / denominator;
}

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_JPEG_H_
