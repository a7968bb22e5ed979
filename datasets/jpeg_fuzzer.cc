// JPEG files, as a folder's or an archive's images are: the header, the whole,
// and parts of it at every size that the decoder makes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/fuzzing/fuzz_target.h"
#include "datasets/exif_writer.h"
#include "datasets/jpeg.h"
#include "datasets/jpeg_writer.h"

namespace tritlab {
namespace {

// A small file may state a size that takes a second to decode.
constexpr int64_t kMostPixels = 1 << 16;

// The lower right quarter.
JpegPart Quarter(const ImageSize& full, int denominator) {
  const int height = Reduced(full.height, denominator);
  const int width = Reduced(full.width, denominator);
  return {denominator, {height / 2.0, width / 2.0, height / 2.0, width / 2.0}};
}

std::vector<uint8_t> Picture(int height, int width, int components) {
  std::vector<uint8_t> pixels(height * width * components);
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<uint8_t>(i * i / 7);
  return pixels;
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  const std::vector<uint8_t> picture = Picture(24, 20, 3);
  const std::string plain = EncodeJpeg(picture, 24, 20, 3);
  return {plain,
          EncodeJpeg(picture, 24, 20, 3, 90, /*progressive=*/true),
          EncodeSubsampledJpeg(picture, 24, 20, 2, 2),
          EncodeSubsampledJpeg(picture, 24, 20, 2, 1, /*progressive=*/true),
          EncodeJpeg(Picture(16, 9, 1), 16, 9, 1),
          EncodeJpeg(Picture(8, 8, 4), 8, 8, 4),
          WithExif(plain, ExifMarker(6, /*big_endian=*/false)),
          WithExif(plain, ExifMarker(3, /*big_endian=*/true)),
          ManyScansJpeg(20)};
}

}  // namespace tritlab

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto shape = tritlab::JpegShape(bytes, "fuzzed");
  if (!shape.ok()) return 0;
  if (shape->height < 1 || shape->width < 1) std::abort();
  if (int64_t{shape->height} * shape->width > tritlab::kMostPixels) return 0;
  std::vector<uint8_t> pixels(shape->size());
  tritlab::DecodeJpeg(bytes, "fuzzed", *shape, pixels.data()).IgnoreError();
  for (const int denominator : {1, 2, 4, 8}) {
    tritlab::DecodeJpegPart(bytes, "fuzzed",
                            [&](const tritlab::ImageSize& full) {
                              return tritlab::Quarter(full, denominator);
                            })
        .status()
        .IgnoreError();
  }
  return 0;
}
