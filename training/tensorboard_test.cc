#include "training/tensorboard.h"

#include <string>
#include <vector>

#include "base/record_file.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

std::string Bytes(std::initializer_list<int> values) {
  return std::string(values.begin(), values.end());
}

// Protects: what TensorBoard reads, encoded here by hand from event.proto:
// field 1 wall_time, a double (tag 0x09); field 3 file_version, text (tag
// 0x1A).
TEST(TensorBoard, FileVersionIsEncodedAsInEventProto) {
  const std::string expected =
      Bytes({0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F}) +  // 1.5
      Bytes({0x1A, 13}) + "brain.Event:2";
  EXPECT_EQ(TensorBoardFileVersion(1.5), expected);
}

// Protects: field 2 step, a varint (tag 0x10); field 5 summary (tag 0x2A) with
// repeated field 1 value (tag 0x0A), each with field 1 tag (0x0A) and field 2
// simple_value, a float (tag 0x15), present even where it is 0.
TEST(TensorBoard, ScalarsAreEncodedAsInSummaryProto) {
  const std::vector<TensorBoardScalar> scalars = {{"a/b", 0.5}, {"c", 0}};
  const std::string expected =
      Bytes({0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F}) +  // 1.5
      Bytes({0x10, 0xAC, 0x02}) +                    // 300
      Bytes({0x2A, 22}) +
      Bytes({0x0A, 10, 0x0A, 3, 'a', '/', 'b', 0x15, 0, 0, 0, 0x3F}) +
      Bytes({0x0A, 8, 0x0A, 1, 'c', 0x15, 0, 0, 0, 0});
  EXPECT_EQ(TensorBoardScalars(1.5, 300, scalars), expected);
}

// Protects: the beginning of every event file, frame included (length 15,
// little-endian, its masked checksum, data, the data's masked checksum). The
// checksums were computed bit by bit, apart from base/crc32c.
TEST(TensorBoard, FileBeginsWithAFramedVersion) {
  const std::string record = FrameRecord(TensorBoardFileVersion(0));
  EXPECT_EQ(record, Bytes({15, 0, 0, 0, 0, 0, 0, 0, 0x6D, 0x53, 0x2B, 0x09}) +
                        Bytes({0x1A, 13}) + "brain.Event:2" +
                        Bytes({0xFC, 0x98, 0x51, 0x29}));
}

}  // namespace
}  // namespace tritlab
