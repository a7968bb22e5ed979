#include "training/tensorboard.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/record_file.h"
#include "gtest/gtest.h"
#include "training/tensorboard.pb.h"

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

std::string Double(double value) {
  std::string bytes(sizeof(value), '\0');
  std::memcpy(bytes.data(), &value, sizeof(value));
  return bytes;
}

// Protects: field 5 histo of Summary.Value (tag 0x2A) with min, max, num, sum
// and sum_squares as doubles (tags 0x09 to 0x29), then bucket_limit and bucket
// as packed doubles (tags 0x32 and 0x3A). Of two equal values there is one
// bucket, which keeps the record short enough to write down.
TEST(TensorBoard, HistogramsAreEncodedAsInSummaryProto) {
  const std::vector<float> values = {0.5f, 0.5f};
  const std::string histogram = Bytes({0x09}) + Double(0.5) + Bytes({0x11}) +
                                Double(0.5) + Bytes({0x19}) + Double(2) +
                                Bytes({0x21}) + Double(1) + Bytes({0x29}) +
                                Double(0.5) + Bytes({0x32, 8}) + Double(0.5) +
                                Bytes({0x3A, 8}) + Double(2);
  ASSERT_EQ(histogram.size(), 65u);
  const std::string expected =
      Bytes({0x09}) + Double(1.5) + Bytes({0x10, 7}) + Bytes({0x2A, 72}) +
      Bytes({0x0A, 70, 0x0A, 1, 'w', 0x2A, 65}) + histogram;
  EXPECT_EQ(TensorBoardPicturesRecord(1.5, 7, {.histograms = {{"w", values}}}),
            expected);
}

// Protects: field 4 image of Summary.Value (tag 0x22) with height, width and
// colorspace as varints (tags 0x08, 0x10, 0x18) and the encoded image as bytes
// (tag 0x22).
TEST(TensorBoard, ImagesAreEncodedAsInSummaryProto) {
  const std::string expected =
      Bytes({0x09}) + Double(1.5) + Bytes({0x10, 7}) + Bytes({0x2A, 19}) +
      Bytes({0x0A, 17, 0x0A, 1, 'k', 0x22, 12}) +
      Bytes({0x08, 0xAC, 0x02, 0x10, 2, 0x18, 1, 0x22, 3}) + "JPG";
  EXPECT_EQ(
      TensorBoardPicturesRecord(1.5, 7, {.images = {{"k", 300, 2, "JPG"}}}),
      expected);
}

// Protects: every value is in the bucket that its limits say, the first of
// which begin at the least value and the last of which end at the largest; sums
// are those of the values; what is no number is not counted.
TEST(TensorBoard, BucketsHoldTheValuesWithinTheirLimits) {
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.push_back(0.01f * std::sin(0.7f * i));
  values.push_back(0.5f);
  const size_t finite = values.size();
  values.push_back(std::numeric_limits<float>::quiet_NaN());
  values.push_back(-std::numeric_limits<float>::infinity());
  tensorboard::Event event;
  ASSERT_TRUE(event.ParseFromString(
      TensorBoardPicturesRecord(0, 1, {.histograms = {{"w", values}}})));
  ASSERT_EQ(event.summary().value_size(), 1);
  const tensorboard::HistogramProto& histogram =
      event.summary().value(0).histo();
  EXPECT_EQ(histogram.num(), finite);
  double sum = 0, squares = 0;
  for (size_t i = 0; i < finite; ++i) {
    sum += values[i];
    squares += double{values[i]} * values[i];
  }
  EXPECT_EQ(histogram.sum(), sum);
  EXPECT_EQ(histogram.sum_squares(), squares);
  ASSERT_EQ(histogram.bucket_size(), kTensorBoardBuckets);
  ASSERT_EQ(histogram.bucket_limit_size(), kTensorBoardBuckets);
  EXPECT_EQ(histogram.bucket_limit(kTensorBoardBuckets - 1), histogram.max());
  double from = histogram.min(), counted = 0;
  for (int i = 0; i < kTensorBoardBuckets; ++i) {
    const double to = histogram.bucket_limit(i);
    EXPECT_GT(to, from);
    int64_t within = 0,
            near = 0;  // a rounding error within a limit is either's
    for (size_t k = 0; k < finite; ++k) {
      within += values[k] > from + 1e-9 && values[k] < to - 1e-9;
      near += values[k] > from - 1e-9 && values[k] < to + 1e-9;
    }
    EXPECT_GE(histogram.bucket(i), within);
    EXPECT_LE(histogram.bucket(i), near);
    counted += histogram.bucket(i);
    from = to;
  }
  EXPECT_EQ(counted, finite);
}

// Protects: readers from a histogram of nothing, whose limits would be NaN.
TEST(TensorBoard, AHistogramOfNothingIsLeftOut) {
  const std::vector<float> nothing = {std::numeric_limits<float>::quiet_NaN()};
  tensorboard::Event event;
  ASSERT_TRUE(event.ParseFromString(TensorBoardPicturesRecord(
      0, 1, {.histograms = {{"a", nothing}, {"b", {}}}})));
  EXPECT_EQ(event.summary().value_size(), 0);
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
