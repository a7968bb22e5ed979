#include "base/record_access.h"

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/record_file.h"
#include "base/record_frame.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class RecordAccessTest : public testing::Test {
 protected:
  std::unique_ptr<RandomAccessFile> Open(const std::string& bytes) {
    EXPECT_TRUE(WriteFileAtomically(path_, bytes).ok());
    return *RandomAccessFile::Open(path_);
  }
  // The records' data, or the error.
  absl::StatusOr<std::vector<std::string>> All(const std::string& bytes) {
    const auto file = Open(bytes);
    std::vector<RecordPlace> places;
    if (absl::Status status =
            ForEachRecord(*file, [&](const RecordPlace& place,
                                     uint32_t) { places.push_back(place); });
        !status.ok()) {
      return status;
    }
    std::vector<std::string> records;
    for (const RecordPlace& place : places) {
      records.emplace_back();
      if (absl::Status status = ReadRecordAt(*file, place, &records.back());
          !status.ok()) {
        return status;
      }
    }
    return records;
  }

  const std::string path_ = JoinPath(testing::TempDir(), "record_access_test");
};

TEST_F(RecordAccessTest, RecordsAreFoundAndReadAnywhere) {
  const std::string bytes =
      FrameRecord("one") + FrameRecord("") + FrameRecord("three");
  EXPECT_THAT(*All(bytes), ElementsAre("one", "", "three"));
  EXPECT_THAT(*All(""), ElementsAre());
  const auto file = Open(bytes);
  const auto place = FindRecord(*file, 2 * kRecordFrameBytes + 3);
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ(place->length, 5);
  std::vector<uint32_t> checksums;
  ASSERT_TRUE(ForEachRecord(*file, [&](const RecordPlace&, uint32_t crc) {
                checksums.push_back(crc);
              }).ok());
  EXPECT_THAT(checksums, ElementsAre(MaskCrc32c(Crc32c("one", 3)),
                                     MaskCrc32c(Crc32c("", 0)),
                                     MaskCrc32c(Crc32c("three", 5))));
}

TEST_F(RecordAccessTest, EveryCutAndEveryDamagedByteIsAnErrorThatNamesTheFile) {
  const std::string bytes = FrameRecord("one") + FrameRecord("three");
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] ^= 4;
    for (const std::string& contents : {damaged, bytes.substr(0, i)}) {
      const auto records = All(contents);
      // A file may end after a record.
      if (contents.empty() || contents == FrameRecord("one")) continue;
      ASSERT_EQ(records.status().code(), absl::StatusCode::kDataLoss) << i;
      EXPECT_THAT(std::string(records.status().message()),
                  StartsWith(path_ + ": "));
    }
  }
}

// A sparse file has room for such a length, and no machine the memory.
TEST_F(RecordAccessTest, AHugeRecordInASparseFileTakesNoMemory) {
  constexpr int64_t kHuge = int64_t{1} << 43;
  ASSERT_TRUE(WriteFileAtomically(path_, RecordHeader(kHuge)).ok());
  if (truncate(path_.c_str(), kHuge + kRecordFrameBytes) != 0)
    GTEST_SKIP() << "this file system has no files of 8 TB";
  const auto file = *RandomAccessFile::Open(path_);
  const auto place = FindRecord(*file, 0);
  ASSERT_TRUE(place.ok()) << place.status();
  std::string data;
  const absl::Status status = ReadRecordAt(*file, *place, &data);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), StartsWith(path_ + ": "));
  remove(path_.c_str());
}

}  // namespace
}  // namespace tritlab
