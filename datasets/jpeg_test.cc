#include "datasets/jpeg.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "datasets/jpeg_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A smooth picture that JPEG keeps well.
std::vector<uint8_t> Picture(int height, int width, int components) {
  std::vector<uint8_t> pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < components; ++c) {
        pixels.push_back(static_cast<uint8_t>(40 + 4 * x + 3 * y + 20 * c));
      }
    }
  }
  return pixels;
}

absl::Status Decode(absl::string_view bytes, const ImageShape& shape,
                    std::vector<uint8_t>* pixels) {
  pixels->assign(shape.size(), 0);
  return DecodeJpeg(bytes, "a.jpg", shape, pixels->data());
}

TEST(JpegTest, PixelsComeBackInPlace) {
  for (bool progressive : {false, true}) {
    for (const ImageShape shape :
         {ImageShape{24, 20, 3}, ImageShape{1, 1, 3}, ImageShape{17, 9, 3}}) {
      const std::vector<uint8_t> picture =
          Picture(shape.height, shape.width, 3);
      const std::string bytes =
          EncodeJpeg(picture, shape.height, shape.width, 3, 95, progressive);
      EXPECT_EQ(*JpegShape(bytes, "a.jpg"), shape);
      std::vector<uint8_t> decoded;
      ASSERT_TRUE(Decode(bytes, shape, &decoded).ok());
      for (size_t i = 0; i < decoded.size(); ++i) {
        ASSERT_NEAR(decoded[i], picture[i], 6) << i;
      }
    }
  }
}

TEST(JpegTest, GreyBecomesRgb) {
  const ImageShape shape{8, 8, 3};
  const std::vector<uint8_t> picture = Picture(8, 8, 1);
  const std::string bytes = EncodeJpeg(picture, 8, 8, 1);
  EXPECT_EQ(*JpegShape(bytes, "a.jpg"), shape);
  std::vector<uint8_t> decoded;
  ASSERT_TRUE(Decode(bytes, shape, &decoded).ok());
  for (int i = 0; i < 64; ++i) {
    for (int c = 0; c < 3; ++c) ASSERT_NEAR(decoded[i * 3 + c], picture[i], 3);
  }
}

TEST(JpegTest, EveryCutIsAnErrorThatNamesTheFile) {
  const ImageShape shape{16, 16, 3};
  for (bool progressive : {false, true}) {
    const std::string bytes =
        EncodeJpeg(Picture(16, 16, 3), 16, 16, 3, 90, progressive);
    std::vector<uint8_t> decoded;
    for (size_t size = 0; size < bytes.size(); ++size) {
      const absl::Status status =
          Decode(bytes.substr(0, size), shape, &decoded);
      ASSERT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
          << size << " of " << bytes.size();
      EXPECT_THAT(std::string(status.message()), StartsWith("a.jpg: "));
      EXPECT_EQ(std::string(status.message()).find('\n'), std::string::npos);
    }
  }
}

TEST(JpegTest, DamageNeverCrashes) {
  const ImageShape shape{16, 16, 3};
  const std::string bytes = EncodeJpeg(Picture(16, 16, 3), 16, 16, 3);
  std::vector<uint8_t> decoded;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int value : {0x00, 0xff, bytes[i] ^ 0x10}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(value);
      Decode(damaged, shape, &decoded).IgnoreError();
    }
  }
}

TEST(JpegTest, OtherKindsOfFilesAreNamedAsSuch) {
  for (const std::string& bytes :
       {std::string(), std::string("\x89PNG\r\n\x1a\n not a jpeg"),
        std::string("hello")}) {
    const absl::Status status = JpegShape(bytes, "b.jpg").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                StartsWith("b.jpg: is not a JPEG"));
  }
}

TEST(JpegTest, CmykIsRefused) {
  const std::string bytes = EncodeJpeg(Picture(8, 8, 4), 8, 8, 4);
  EXPECT_THAT(std::string(JpegShape(bytes, "c.jpg").status().message()),
              HasSubstr("CMYK"));
  std::vector<uint8_t> decoded;
  EXPECT_THAT(std::string(Decode(bytes, {8, 8, 3}, &decoded).message()),
              HasSubstr("CMYK"));
}

TEST(JpegTest, AnotherSizeIsRefusedBeforeDecoding) {
  std::vector<uint8_t> decoded;
  EXPECT_THAT(
      std::string(
          Decode(PlainJpeg(8, 9, 1, 2, 3), {8, 8, 3}, &decoded).message()),
      HasSubstr("is 9x8 pixels where the images before it are 8x8"));
}

TEST(JpegTest, TooManyScansAreRefused) {
  std::vector<uint8_t> decoded;
  EXPECT_TRUE(Decode(ManyScansJpeg(500), {8, 8, 3}, &decoded).ok());
  EXPECT_THAT(
      std::string(Decode(ManyScansJpeg(600), {8, 8, 3}, &decoded).message()),
      HasSubstr("too many scans"));
}

TEST(JpegTest, AHugeClaimTakesNoMemory) {
  // The frame header's height and width, after its marker, length and depth.
  std::string bytes = PlainJpeg(8, 8, 1, 2, 3);
  const size_t frame = bytes.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  for (int i = 5; i < 9; ++i) bytes[frame + i] = '\xf0';
  EXPECT_THAT(std::string(JpegShape(bytes, "d.jpg").status().message()),
              HasSubstr("larger than 16384 pixels"));
}

}  // namespace
}  // namespace tritlab
