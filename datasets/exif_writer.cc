#include "datasets/exif_writer.h"

#include <cstdint>

namespace tritlab {
namespace {

std::string Integer(uint32_t value, int size, bool big_endian) {
  std::string bytes;
  for (int i = 0; i < size; ++i) {
    const int shift = 8 * (big_endian ? size - 1 - i : i);
    bytes += static_cast<char>(value >> shift);
  }
  return bytes;
}

}  // namespace

std::string ExifMarker(int orientation, bool big_endian) {
  const auto integer = [&](uint32_t value, int size) {
    return Integer(value, size, big_endian);
  };
  std::string bytes("Exif\0\0", 6);
  bytes += big_endian ? "MM" : "II";
  bytes += integer(42, 2) + integer(8, 4);
  bytes += integer(2, 2);  // entries: the width, and the orientation
  bytes += integer(0x0100, 2) + integer(4, 2) + integer(1, 4) + integer(7, 4);
  bytes += integer(0x0112, 2) + integer(3, 2) + integer(1, 4) +
           integer(orientation, 2) + integer(0, 2);
  return bytes + integer(0, 4);
}

std::string WithExif(absl::string_view jpeg, absl::string_view marker) {
  std::string result(jpeg.substr(0, 2));
  result += "\xff\xe1" + Integer(static_cast<uint32_t>(marker.size()) + 2, 2,
                                 /*big_endian=*/true);
  result.append(marker.data(), marker.size());
  result.append(jpeg.data() + 2, jpeg.size() - 2);
  return result;
}

}  // namespace tritlab
