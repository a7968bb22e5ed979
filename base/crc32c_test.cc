#include "base/crc32c.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

TEST(Crc32cTest, KnownVectors) {
  // RFC 3720, appendix B.4.
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<char>(i));
  EXPECT_EQ(Crc32c(ascending), 0x46dd794eu);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(Crc32cTest, FastIsPortableAtEveryLengthAndAlignment) {
  std::string bytes;
  for (int i = 0; i < 80; ++i) bytes.push_back(static_cast<char>(i * 37 + 11));
  for (size_t begin = 0; begin < 9; ++begin) {
    for (size_t size = 0; begin + size <= bytes.size(); ++size) {
      EXPECT_EQ(Crc32c(bytes.data() + begin, size),
                internal::ExtendCrc32cPortable(0, bytes.data() + begin, size));
    }
  }
}

TEST(Crc32cTest, PiecesGiveTheChecksumOfTheWhole) {
  const std::string text = "the quick brown fox";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(ExtendCrc32c(Crc32c(text.data(), cut), text.data() + cut,
                           text.size() - cut),
              Crc32c(text));
  }
}

TEST(Crc32cTest, TheMaskIsTensorFlows) {
  // The header of a TFRecord of length 0 that TensorFlow writes.
  const std::vector<unsigned char> length(8, 0);
  EXPECT_EQ(MaskCrc32c(Crc32c(length.data(), 8)), 0x07980329u);
}

}  // namespace
}  // namespace tritlab
