#include "base/fuzzing/mended_records.h"

#include <string>

#include "base/record_file.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

// What is whole must stay as it is, or seeds would not be what they are.
TEST(MendedRecordsTest, WholeRecordsStay) {
  const std::string records =
      FrameRecord("one") + FrameRecord("") + FrameRecord("three");
  EXPECT_EQ(MendedRecords(records), records);
}

TEST(MendedRecordsTest, DamagedDataGetTheirChecksum) {
  std::string records = FrameRecord("one") + FrameRecord("two");
  records[12] = 'X';
  EXPECT_EQ(MendedRecords(records), FrameRecord("Xne") + FrameRecord("two"));
}

TEST(MendedRecordsTest, ALengthThatIsTooLargeEndsWithTheFile) {
  std::string records = FrameRecord("one");
  records[6] = '\x7f';
  EXPECT_EQ(MendedRecords(records), FrameRecord("one"));
  EXPECT_EQ(MendedRecords(records.substr(0, 15)), "");
}

}  // namespace
}  // namespace tritlab
