#include "base/record_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/record_frame.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string TestPath() {
  const std::string path = JoinPath(
      testing::TempDir(),
      std::string("record_file_test_") +
          testing::UnitTest::GetInstance()->current_test_info()->name());
  remove(path.c_str());
  return path;
}

// Without the flush to the disk of WriteFileAtomically: these are many.
void PutFile(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  ASSERT_TRUE(file.flush().good());
}

// All records of the file, or the first error.
absl::StatusOr<std::vector<std::string>> ReadAll(const std::string& path) {
  auto reader = RecordReader::Open(path);
  if (!reader.ok()) return reader.status();
  std::vector<std::string> records;
  std::string data;
  while (true) {
    auto more = (*reader)->Next(&data);
    if (!more.ok()) return more.status();
    if (!*more) return records;
    records.push_back(data);
  }
}

const std::vector<std::string>& Samples() {
  static const auto* const samples = new std::vector<std::string>{
      "first", "", std::string("\0\1\2", 3), std::string(700000, 'x'), "last"};
  return *samples;
}

void WriteSamples(const std::string& path) {
  auto writer = RecordWriter::Create(path);
  ASSERT_TRUE(writer.ok());
  for (const std::string& sample : Samples()) {
    ASSERT_TRUE((*writer)->Write(sample).ok());
  }
  ASSERT_TRUE((*writer)->Commit().ok());
}

TEST(RecordFileTest, TheFramingIsTensorFlows) {
  // tf.io.TFRecordWriter's bytes for b"abc".
  EXPECT_EQ(FrameRecord("").substr(0, 12),
            std::string("\0\0\0\0\0\0\0\0\x29\x03\x98\x07", 12));
  EXPECT_EQ(FrameRecord("abc").substr(12), "abc\x6e\x57\xf1\x21");
}

TEST(RecordFileTest, WhatIsWrittenIsRead) {
  const std::string path = TestPath();
  WriteSamples(path);
  auto records = ReadAll(path);
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ(*records, Samples());
}

TEST(RecordFileTest, AnEmptyFileHasNoRecords) {
  const std::string path = TestPath();
  PutFile(path, "");
  EXPECT_TRUE(ReadAll(path)->empty());
}

TEST(RecordFileTest, NothingAppearsWithoutCommit) {
  const std::string path = TestPath();
  ASSERT_TRUE((*RecordWriter::Create(path))->Write("x").ok());
  EXPECT_FALSE(FileExists(path));
}

TEST(RecordFileTest, EveryTruncationIsDataLossAndNamesTheOffset) {
  const std::string path = TestPath();
  const std::string first = FrameRecord("first record");
  const std::string bytes = first + FrameRecord("second");
  for (size_t size = 1; size < bytes.size(); ++size) {
    if (size == first.size()) continue;  // a whole file
    PutFile(path, bytes.substr(0, size));
    const absl::Status status = ReadAll(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(size < first.size()
                              ? "at byte 0"
                              : "at byte " + std::to_string(first.size())));
  }
}

TEST(RecordFileTest, EveryFlippedBitIsDataLoss) {
  const std::string path = TestPath();
  const std::string bytes = FrameRecord("first") + FrameRecord("second");
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] ^= 1 << (bit % 8);
    PutFile(path, damaged);
    EXPECT_EQ(ReadAll(path).status().code(), absl::StatusCode::kDataLoss)
        << "bit " << bit;
  }
}

// An empty record with another length and the right checksum of it, as an
// attacker would write it.
std::string FrameWithLength(uint64_t length) {
  return RecordHeader(length) + RecordFooter("");
}

TEST(RecordFileTest, AHugeLengthTakesNoMemory) {
  const std::string path = TestPath();
  PutFile(path, FrameWithLength(uint64_t{1} << 62));
  EXPECT_EQ(ReadAll(path).status().code(), absl::StatusCode::kDataLoss);
}

// A sparse file has room for such a length, and a disk none for its bytes.
TEST(RecordFileTest, AHugeRecordInASparseFileTakesNoMemory) {
  const std::string path = TestPath();
  PutFile(path, FrameWithLength(uint64_t{1} << 43));
  if (truncate(path.c_str(), (int64_t{1} << 43) + 16) != 0) {
    GTEST_SKIP() << "this file system has no files of 8 TB";
  }
  auto reader = RecordReader::Open(path);
  std::string data;
  for (int again = 0; again < 2; ++again) {
    const absl::Status status = (*reader)->Next(&data).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  }
  remove(path.c_str());
}

TEST(RecordFileTest, DamageIsRepeatedNotSkipped) {
  const std::string path = TestPath();
  std::string bytes = FrameRecord("first") + FrameRecord("second");
  bytes[13] ^= 1;
  PutFile(path, bytes);
  auto reader = RecordReader::Open(path);
  std::string data;
  EXPECT_FALSE((*reader)->Next(&data).ok());
  EXPECT_FALSE((*reader)->Next(&data).ok());
}

TEST(RecordAppenderTest, GrowsAFileAcrossOpenings) {
  const std::string path = TestPath();
  {
    auto appender = RecordAppender::Open(path);
    ASSERT_TRUE(appender.ok()) << appender.status();
    ASSERT_TRUE((*appender)->Write("a").ok());
    // Readable while the appender lives: TensorBoard follows the file.
    EXPECT_THAT(*ReadAll(path), ElementsAre("a"));
    ASSERT_TRUE((*appender)->Write("b").ok());
  }
  auto appender = RecordAppender::Open(path);
  ASSERT_TRUE(appender.ok());
  ASSERT_TRUE((*appender)->Write("c").ok());
  EXPECT_THAT(*ReadAll(path), ElementsAre("a", "b", "c"));
}

TEST(RecordAppenderTest, CutsOffATornTail) {
  const std::string path = TestPath();
  const std::string whole = FrameRecord("a") + FrameRecord("b");
  const std::string torn = FrameRecord("torn record");
  for (size_t size = 0; size < torn.size(); ++size) {
    PutFile(path, whole + torn.substr(0, size));
    auto appender = RecordAppender::Open(path);
    ASSERT_TRUE(appender.ok()) << appender.status();
    ASSERT_TRUE((*appender)->Write("c").ok());
    EXPECT_THAT(*ReadAll(path), ElementsAre("a", "b", "c"));
  }
}

TEST(RecordAppenderTest, NeverTouchesAFileItDoesNotUnderstand) {
  const std::string path = TestPath();
  std::string bytes = FrameRecord("a") + FrameRecord("b");
  bytes[12] ^= 1;  // in the middle: no write that was cut short
  PutFile(path, bytes);
  EXPECT_EQ(RecordAppender::Open(path).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(*ReadFile(path), bytes);
  const std::string text = "this is a user's text file, not records";
  PutFile(path, text);
  EXPECT_FALSE(RecordAppender::Open(path).ok());
  EXPECT_EQ(*ReadFile(path), text);
}

// Protects: what a link leads to is neither made nor written to, though it be a
// record file.
TEST(RecordAppenderTest, LinksAreNotFollowed) {
  const std::string path = TestPath();
  const std::string elsewhere = path + "_elsewhere";
  remove(elsewhere.c_str());
  ASSERT_EQ(symlink(elsewhere.c_str(), path.c_str()), 0);
  EXPECT_EQ(RecordAppender::Open(path).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(FileExists(elsewhere));
  const std::string bytes = FrameRecord("a") + "torn";
  PutFile(elsewhere, bytes);
  EXPECT_EQ(RecordAppender::Open(path).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(*ReadFile(elsewhere), bytes);
}

// Opening it would wait for the other end.
TEST(RecordAppenderTest, APipeIsRefused) {
  const std::string path = TestPath();
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(RecordAppender::Open(path).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tritlab
