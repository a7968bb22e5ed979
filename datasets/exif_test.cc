#include "datasets/exif.h"

#include <string>
#include <vector>

#include "datasets/exif_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::ElementsAreArray;

std::span<const uint8_t> Bytes(const std::string& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

TEST(ExifOrientationTest, IsReadInBothByteOrders) {
  for (bool big_endian : {false, true}) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
      EXPECT_EQ(ExifOrientation(Bytes(ExifMarker(orientation, big_endian))),
                orientation);
    }
    EXPECT_EQ(ExifOrientation(Bytes(ExifMarker(0, big_endian))), 1);
    EXPECT_EQ(ExifOrientation(Bytes(ExifMarker(9, big_endian))), 1);
  }
}

TEST(ExifOrientationTest, DamageIsAsStored) {
  const std::string whole = ExifMarker(6, true);
  for (size_t size = 0; size + 4 < whole.size(); ++size) {
    const int orientation = ExifOrientation(Bytes(whole.substr(0, size)));
    EXPECT_TRUE(orientation == 1 || orientation == 6) << size;
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    for (int value : {0x00, 0x7f, 0xff}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(value);
      const int orientation = ExifOrientation(Bytes(damaged));
      EXPECT_GE(orientation, 1);
      EXPECT_LE(orientation, 8);
    }
  }
}

// What an image of 2x3 pixels looks like, by orientation: 0 1 2 over 3 4 5.
TEST(UprightTest, EveryOrientation) {
  std::vector<uint8_t> stored;
  for (uint8_t i = 0; i < 6; ++i) stored.insert(stored.end(), 3, i);
  const int expected[8][6] = {{0, 1, 2, 3, 4, 5}, {2, 1, 0, 5, 4, 3},
                              {5, 4, 3, 2, 1, 0}, {3, 4, 5, 0, 1, 2},
                              {0, 3, 1, 4, 2, 5}, {3, 0, 4, 1, 5, 2},
                              {5, 2, 4, 1, 3, 0}, {2, 5, 1, 4, 0, 3}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto seen = Upright(stored.data(), {2, 3}, orientation);
    std::vector<int> values;
    for (size_t i = 0; i < stored.size(); i += 3) values.push_back(seen[i]);
    EXPECT_THAT(values, ElementsAreArray(expected[orientation - 1]))
        << orientation;
  }
}

}  // namespace
}  // namespace tritlab
