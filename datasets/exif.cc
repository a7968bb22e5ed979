#include "datasets/exif.h"

#include <algorithm>
#include <cstddef>

namespace tritlab {
namespace {

constexpr uint8_t kExif[] = {'E', 'x', 'i', 'f', 0, 0};
constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kShort = 3;

// Reads integers out of a TIFF block; 0 beyond its end.
class Tiff {
 public:
  explicit Tiff(std::span<const uint8_t> bytes)
      : bytes_(bytes),
        big_endian_(bytes.size() > 1 && bytes[0] == 'M' && bytes[1] == 'M') {}

  uint32_t Integer(uint64_t offset, int size) const {
    if (offset + size > bytes_.size()) return 0;
    uint32_t value = 0;
    for (int i = 0; i < size; ++i) {
      const uint32_t byte = bytes_[offset + i];
      value = big_endian_ ? value << 8 | byte : value | byte << (8 * i);
    }
    return value;
  }

 private:
  const std::span<const uint8_t> bytes_;
  const bool big_endian_;
};

}  // namespace

int ExifOrientation(std::span<const uint8_t> marker) {
  if (marker.size() < sizeof(kExif) ||
      !std::equal(std::begin(kExif), std::end(kExif), marker.begin())) {
    return 1;
  }
  const Tiff tiff(marker.subspan(sizeof(kExif)));
  if (tiff.Integer(2, 2) != 42) return 1;
  const uint64_t directory = tiff.Integer(4, 4);
  const uint32_t entries = tiff.Integer(directory, 2);
  for (uint32_t i = 0; i < entries; ++i) {
    const uint64_t entry = directory + 2 + uint64_t{12} * i;
    if (tiff.Integer(entry, 2) != kOrientationTag) continue;
    const uint32_t value = tiff.Integer(entry + 8, 2);
    const bool known =
        tiff.Integer(entry + 2, 2) == kShort && value >= 1 && value <= 8;
    return known ? static_cast<int>(value) : 1;
  }
  return 1;
}

std::unique_ptr<uint8_t[]> Upright(const uint8_t* pixels,
                                   const ImageSize& stored, int orientation) {
  const bool swap = SwapsSides(orientation);
  const int height = swap ? stored.width : stored.height;
  const int width = swap ? stored.height : stored.width;
  // Whether the stored image's first row or column is at the far end.
  const bool rows_backwards = orientation == 3 || orientation == 4 ||
                              orientation == 6 || orientation == 7;
  const bool columns_backwards = orientation == 2 || orientation == 3 ||
                                 orientation == 7 || orientation == 8;
  auto result =
      std::make_unique_for_overwrite<uint8_t[]>(size_t{3} * height * width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int row = swap ? x : y;
      const int column = swap ? y : x;
      const int from_y = rows_backwards ? stored.height - 1 - row : row;
      const int from_x = columns_backwards ? stored.width - 1 - column : column;
      const size_t from = size_t{3} * from_y * stored.width + 3 * from_x;
      const size_t to = size_t{3} * y * width + 3 * x;
      std::copy_n(pixels + from, 3, result.get() + to);
    }
  }
  return result;
}

}  // namespace tritlab
