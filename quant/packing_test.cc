#include "quant/packing.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

TEST(PackingTest, CodesComeBackForEveryWidthAndLength) {
  for (int bits = 1; bits <= 8; ++bits) {
    for (int count = 0; count <= 41; ++count) {
      std::vector<uint8_t> codes;
      for (int i = 0; i < count; ++i)
        codes.push_back(
            static_cast<uint8_t>((i * 37 + 11) & ((1 << bits) - 1)));
      const auto packed = PackCodes(codes, bits);
      ASSERT_TRUE(packed.ok());
      EXPECT_EQ(static_cast<int64_t>(packed->size()), PackedBytes(count, bits));
      EXPECT_EQ(UnpackCodes(*packed, count, bits).value(), codes)
          << bits << " bits, " << count << " codes";
    }
  }
}

// The layout that the header promises: lowest bits first.
TEST(PackingTest, Layout) {
  EXPECT_EQ(PackCodes(std::vector<uint8_t>{1, 2, 0, 3, 1}, 2).value(),
            std::string("\xc9\x01", 2));
  EXPECT_EQ(PackCodes(std::vector<uint8_t>{5, 3, 7}, 3).value(),
            std::string("\xdd\x01", 2));
}

TEST(PackingTest, CodesThatDoNotFitAreRefused) {
  EXPECT_FALSE(PackCodes(std::vector<uint8_t>{4}, 2).ok());
  EXPECT_FALSE(PackCodes(std::vector<uint8_t>{0}, 0).ok());
  EXPECT_FALSE(PackCodes(std::vector<uint8_t>{0}, 9).ok());
}

TEST(PackingTest, BytesOfAnotherLengthAreRefused) {
  EXPECT_FALSE(UnpackCodes("ab", 9, 2).ok());
  EXPECT_FALSE(UnpackCodes("abc", 8, 2).ok());
  EXPECT_FALSE(UnpackCodes("", -1, 2).ok());
}

// What reports count is what files hold: five ternary codes a byte, others at
// their bits, and every value that is stored beside them.
TEST(PackingTest, BytesAreThoseOfCodesCodebookAndScales) {
  const std::vector<uint8_t> codes(101, 0);
  EXPECT_EQ(
      PackedBytes({.codes = codes, .codebook = {0, 0.5f, -0.7f}, .bits = 2}),
      21 + 12);
  EXPECT_EQ(PackedBytes({.codes = codes,
                         .codebook = {1, -1},
                         .bits = 1,
                         .channel_scales = {2}}),
            13 + 12);
  EXPECT_EQ(PackedBytes({.codes = codes, .codebook = {0, 1, 2, 4}, .bits = 5}),
            64 + 16);
}

TEST(PackingTest, TritsComeBackAtEveryLength) {
  for (int count = 0; count < 40; ++count) {
    std::vector<uint8_t> codes(count);
    for (int i = 0; i < count; ++i)
      codes[i] = static_cast<uint8_t>((i * 7 + count) % 3);
    const auto packed = PackTrits(codes);
    ASSERT_TRUE(packed.ok());
    EXPECT_EQ(static_cast<int>(packed->size()), (count + 4) / 5);
    EXPECT_EQ(*UnpackTrits(*packed, count), codes);
  }
}

// The layout is a file format: it must not change.
TEST(PackingTest, TheFirstTritIsTheLowest) {
  EXPECT_EQ(*PackTrits(std::vector<uint8_t>{1, 2, 0, 0, 1, 2}),
            std::string({static_cast<char>(1 + 2 * 3 + 81), 2}));
}

TEST(PackingTest, WhatIsNoTritIsRefused) {
  EXPECT_FALSE(PackTrits(std::vector<uint8_t>{0, 3}).ok());
  EXPECT_FALSE(UnpackTrits(std::string(1, '\xff'), 5).ok());
  EXPECT_FALSE(UnpackTrits("ab", 5).ok());
  EXPECT_FALSE(UnpackTrits("", -1).ok());
}

}  // namespace
}  // namespace tritlab
