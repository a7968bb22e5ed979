#include "datasets/gzip_reader.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/random_access_file.h"
#include "datasets/gzip_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::HasSubstr;

// What a reader gives of a file that has `bytes` behind something else, by
// `piece` bytes at a time.
absl::StatusOr<std::string> Decompressed(const std::string& bytes,
                                         int64_t piece = 1000) {
  const std::string path = JoinPath(testing::TempDir(), "file.gz");
  EXPECT_TRUE(WriteFileAtomically(path, "before" + bytes + "after").ok());
  const auto file = RandomAccessFile::Open(path);
  EXPECT_TRUE(file.ok()) << file.status();
  GzipReader reader(**file, 6, static_cast<int64_t>(bytes.size()));
  std::string text;
  std::vector<char> block(piece);
  while (true) {
    const absl::StatusOr<int64_t> count = reader.Read(block.data(), piece);
    if (!count.ok()) return count.status();
    if (*count == 0) return text;
    text.append(block.data(), *count);
  }
}

// Long enough for several blocks, and with long repetitions.
std::string Text() {
  std::string text;
  for (int64_t i = 0; i < 60000; ++i) text += std::to_string(i * i);
  return text + std::string(300000, 'x');
}

TEST(GzipReader, GivesWhatWasCompressed) {
  for (const int level : {0, 1, 9}) {
    for (const int64_t piece : {7, 1000, 1 << 20}) {
      const auto text = Decompressed(Gzip(Text(), level), piece);
      ASSERT_TRUE(text.ok()) << text.status();
      EXPECT_TRUE(*text == Text()) << level << " " << piece;
    }
  }
  EXPECT_EQ(*Decompressed(Gzip("", 6)), "");
  EXPECT_EQ(*Decompressed(""), "");
}

TEST(GzipReader, MembersFollowEachOtherAndZerosTheLast) {
  const auto text = Decompressed(Gzip("one", 6) + Gzip("", 6) + Gzip("two", 6) +
                                 std::string(512, '\0'));
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "onetwo");
}

// The checksum and the length at a member's end say so. (Some bits mean
// nothing, as those that fill the last byte.)
TEST(GzipReader, NoDamageGivesOtherBytes) {
  const std::string text = "a text that is compressed";
  for (const int level : {0, 6}) {
    const std::string whole = Gzip(text, level);
    int noticed = 0;
    for (size_t i = 0; i < whole.size(); ++i) {
      std::string damaged = whole;
      damaged[i] ^= 4;
      const auto decompressed = Decompressed(damaged);
      if (decompressed.ok()) {
        EXPECT_EQ(*decompressed, text) << level << " " << i;
      } else {
        EXPECT_TRUE(absl::IsInvalidArgument(decompressed.status()));
        ++noticed;
      }
    }
    EXPECT_GE(noticed, static_cast<int>(text.size()));
  }
}

TEST(GzipReader, IsCutOffAnywhere) {
  const std::string whole = Gzip("one", 6) + Gzip("two", 6);
  for (size_t size = 1; size < whole.size(); ++size) {
    if (size == whole.size() / 2) continue;  // between the two
    const absl::Status status = Decompressed(whole.substr(0, size)).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << size;
    EXPECT_THAT(std::string(status.message()), HasSubstr("cut off")) << size;
  }
}

TEST(GzipReader, OtherBytesBehindTheEndAreDamage) {
  EXPECT_TRUE(
      absl::IsInvalidArgument(Decompressed(Gzip("one", 6) + "two").status()));
}

}  // namespace
}  // namespace tritlab
