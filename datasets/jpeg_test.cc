#include "datasets/jpeg.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "datasets/exif.h"
#include "datasets/exif_writer.h"
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

// Protects: a damaged byte gives other pixels or an error of this file, and
// neither a crash nor an error that says nothing.
TEST(JpegTest, DamageIsAnErrorThatNamesTheFileOrOtherPixels) {
  const ImageShape shape{16, 16, 3};
  const std::string bytes = EncodeJpeg(Picture(16, 16, 3), 16, 16, 3);
  std::vector<uint8_t> decoded;
  int refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int value : {0x00, 0xff, bytes[i] ^ 0x10}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(value);
      const absl::Status status = Decode(damaged, shape, &decoded);
      if (status.ok()) continue;
      ++refused;
      ASSERT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
      ASSERT_THAT(std::string(status.message()), StartsWith("a.jpg: ")) << i;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(JpegTest, OtherKindsOfFilesAreNamedAsSuch) {
  for (const std::string& bytes :
       {std::string(), std::string("\x89PNG\r\n\x1a\n not a jpeg"),
        std::string("hello"), std::string("GIF89a"),
        std::string("RIFF....WEBPVP8 ")}) {
    const absl::Status status = JpegShape(bytes, "b.jpg").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                StartsWith("b.jpg: is not a JPEG"));
  }
  EXPECT_THAT(
      std::string(JpegShape("\x89PNG\r\n", "b.JPEG").status().message()),
      HasSubstr("but a PNG; convert it"));
}

// The writer's are Adobe's, whose bytes are 255 - ink.
TEST(JpegTest, CmykBecomesRgb) {
  const ImageShape shape{8, 8, 3};
  std::vector<uint8_t> inks;
  for (int i = 0; i < 64; ++i) inks.insert(inks.end(), {255, 128, 0, 200});
  const std::string bytes = EncodeJpeg(inks, 8, 8, 4, 100);
  EXPECT_EQ(*JpegShape(bytes, "c.jpg"), shape);
  std::vector<uint8_t> decoded;
  ASSERT_TRUE(Decode(bytes, shape, &decoded).ok());
  for (int i = 0; i < 64; ++i) {
    ASSERT_NEAR(decoded[i * 3], 200, 2);
    ASSERT_NEAR(decoded[i * 3 + 1], 100, 2);
    ASSERT_NEAR(decoded[i * 3 + 2], 0, 2);
  }
  // Without Adobe's marker (0xffee) the bytes are the inks.
  std::string plain = bytes;
  const size_t marker = plain.find("\xff\xee");
  ASSERT_NE(marker, std::string::npos);
  plain.erase(marker, 2 + 14);
  ASSERT_TRUE(Decode(plain, shape, &decoded).ok());
  for (int i = 0; i < 64; ++i) {
    ASSERT_NEAR(decoded[i * 3], 0, 2);
    ASSERT_NEAR(decoded[i * 3 + 1], 55 * 127 / 255, 2);
    ASSERT_NEAR(decoded[i * 3 + 2], 55, 2);
  }
}

TEST(JpegTest, AnImageIsTurnedAsItsExifBlockSays) {
  const std::string plain = EncodeJpeg(Picture(24, 16, 3), 24, 16, 3);
  const ImageShape shape{24, 16, 3}, turned{16, 24, 3};
  std::vector<uint8_t> stored, decoded;
  ASSERT_TRUE(Decode(plain, shape, &stored).ok());
  const std::string bytes = WithExif(plain, ExifMarker(6, true));
  EXPECT_EQ(*JpegShape(bytes, "a.jpg"), turned);
  ASSERT_TRUE(Decode(bytes, turned, &decoded).ok());
  const auto expect_turned = [&](int orientation) {
    const auto expected = Upright(stored.data(), {24, 16}, orientation);
    EXPECT_TRUE(std::equal(decoded.begin(), decoded.end(), expected.get()));
  };
  expect_turned(6);
  EXPECT_FALSE(Decode(bytes, shape, &decoded).ok());
  const std::string mirrored = WithExif(plain, ExifMarker(2, false));
  ASSERT_TRUE(Decode(mirrored, shape, &decoded).ok());
  expect_turned(2);
}

TEST(JpegTest, ASmallerImageIsTheMeanOfItsPixels) {
  const int height = 41, width = 67;
  const std::string bytes =
      EncodeJpeg(Picture(height, width, 3), height, width, 3, 95);
  std::vector<uint8_t> full;
  ASSERT_TRUE(Decode(bytes, {height, width, 3}, &full).ok());
  for (int denominator : {1, 2, 4, 8}) {
    for (int orientation : {1, 8}) {
      const bool turn = orientation == 8;
      const auto image =
          DecodeJpegPart(WithExif(bytes, ExifMarker(orientation, false)),
                         "a.jpg", [&](const ImageSize& size) {
                           EXPECT_EQ(size, turn ? (ImageSize{width, height})
                                                : (ImageSize{height, width}));
                           return WholeJpeg(size, denominator);
                         });
      ASSERT_TRUE(image.ok()) << image.status();
      const int h = (height + denominator - 1) / denominator;
      const int w = (width + denominator - 1) / denominator;
      EXPECT_EQ(image->size, turn ? (ImageSize{w, h}) : (ImageSize{h, w}));
      if (turn) continue;
      for (int y = 0; y < height / denominator; ++y) {
        for (int x = 0; x < width / denominator; ++x) {
          double mean = 0;
          for (int i = 0; i < denominator * denominator; ++i) {
            mean += full[((y * denominator + i / denominator) * width +
                          x * denominator + i % denominator) *
                         3];
          }
          // Bytes of the picture begin anew after 255.
          const int value = image->pixels[(y * w + x) * 3];
          if (4 * (x + 1) * denominator + 3 * (y + 1) * denominator < 200) {
            ASSERT_NEAR(value, mean / denominator / denominator, 4);
          }
        }
      }
    }
  }
}

// Rows and columns that are not wanted are not decoded, and those that are do
// not show it, of every subsampling.
TEST(JpegTest, APartIsThatOfTheWhole) {
  const int height = 150, width = 210;
  std::vector<uint8_t> noise(height * width * 3);
  for (size_t i = 0; i < noise.size(); ++i)
    noise[i] = static_cast<uint8_t>(i * 2654435761u >> 24);
  for (int horizontal : {1, 2}) {
    for (int vertical : {1, 2}) {
      for (bool progressive : {false, true}) {
        const std::string bytes = EncodeSubsampledJpeg(
            noise, height, width, horizontal, vertical, progressive);
        for (int denominator : {1, 2, 4, 8}) {
          const auto whole =
              DecodeJpegPart(bytes, "a.jpg", [&](const ImageSize& full) {
                return WholeJpeg(full, denominator);
              });
          ASSERT_TRUE(whole.ok()) << whole.status();
          const int h = whole->size.height, w = whole->size.width;
          for (const Region& share :
               {Region{0, 0, 1, 1}, Region{0.3, 0.4, 0.2, 0.1},
                Region{0.5, 0.1, 0.5, 0.7}, Region{0, 0.6, 0.05, 0.4},
                Region{0.97, 0.97, 0.03, 0.03}, Region{0.1, 0, 0.8, 0.02}}) {
            const Region part{share.top * h, share.left * w, share.height * h,
                              share.width * w};
            const auto image =
                DecodeJpegPart(bytes, "a.jpg", [&](const ImageSize&) {
                  return JpegPart{denominator, part};
                });
            ASSERT_TRUE(image.ok()) << image.status();
            ASSERT_EQ(image->size, whole->size);
            const auto first = [](double begin) {
              return std::max(static_cast<int>(begin) - 1, 0);
            };
            const auto last = [](double end, int limit) {
              return std::min(static_cast<int>(std::ceil(end)) + 1, limit);
            };
            for (int y = first(part.top); y < last(part.top + part.height, h);
                 ++y) {
              for (int x = 3 * first(part.left);
                   x < 3 * last(part.left + part.width, w); ++x) {
                ASSERT_EQ(image->pixels[y * w * 3 + x],
                          whole->pixels[y * w * 3 + x])
                    << horizontal << vertical << progressive << " /"
                    << denominator << " at " << y << ", " << x / 3 << " of "
                    << part.top << ", " << part.left;
              }
            }
          }
        }
      }
    }
  }
}

// What lies below the wanted part is missing.
TEST(JpegTest, ACutFileIsAnErrorWhateverIsWanted) {
  const std::string bytes = EncodeJpeg(Picture(60, 60, 3), 60, 60, 3);
  const auto decode = [&](size_t size) {
    return DecodeJpegPart(bytes.substr(0, size), "a.jpg",
                          [](const ImageSize&) {
                            return JpegPart{1, {0, 0, 5, 5}};
                          })
        .status();
  };
  EXPECT_TRUE(decode(bytes.size()).ok());
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode(size).ok()) << size;
}

TEST(JpegTest, SuperfluousBytesArePassedOver) {
  // Before the marker that ends the file.
  std::string bytes = PlainJpeg(8, 8, 1, 2, 3);
  bytes.insert(bytes.size() - 2, "12345");
  std::vector<uint8_t> decoded;
  EXPECT_TRUE(Decode(bytes, {8, 8, 3}, &decoded).ok());
}

// What libjpeg warns of and decodes all the same.
TEST(JpegTest, OddHeadersOfWholeImagesAreDecoded) {
  const std::string bytes = EncodeJpeg(Picture(8, 8, 3), 8, 8, 3);
  std::vector<uint8_t> expected;
  ASSERT_TRUE(Decode(bytes, {8, 8, 3}, &expected).ok());
  const auto expect_same = [&](size_t place, char value) {
    std::string odd = bytes;
    ASSERT_NE(odd[place], value);
    odd[place] = value;
    std::vector<uint8_t> decoded;
    const absl::Status status = Decode(odd, {8, 8, 3}, &decoded);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(decoded, expected);
  };
  ASSERT_EQ(bytes.substr(6, 4), "JFIF");
  expect_same(11, 2);  // its version 2.01, which some programs write
  // The end of the coefficients that the only scan has: for progressive ones.
  const size_t scan = bytes.find("\xff\xda");
  constexpr size_t kComponents = 3;
  expect_same(scan + 5 + 2 * kComponents + 1, 62);
}

TEST(JpegTest, OtherKindsOfJpegAreNamedAsSuch) {
  std::string bytes = PlainJpeg(8, 8, 1, 2, 3);
  const size_t frame = bytes.find("\xff\xc0");
  bytes[frame + 4] = 12;
  EXPECT_THAT(std::string(JpegShape(bytes, "a.jpg").status().message()),
              HasSubstr("more than 8 bits"));
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
