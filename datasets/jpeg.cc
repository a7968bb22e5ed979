#include "datasets/jpeg.h"

// jpeglib.h needs FILE and size_t.
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "datasets/exif.h"

namespace tritlab {
namespace {

constexpr JDIMENSION kMaxSide = 16384;
constexpr int64_t kMaxPixels = int64_t{1} << 27;
// Each scan passes over the whole image: a small file of many scans would take
// minutes. Encoders write about ten.
constexpr int kMaxScans = 500;
constexpr int kExifMarker = JPEG_APP0 + 1;

// libjpeg reports through callbacks that must not return; longjmp is its way
// out.
struct ErrorManager {
  jpeg_error_mgr base;  // first: libjpeg knows the whole by its address
  std::jmp_buf escape;
  int code;
  char message[JMSG_LENGTH_MAX];
};

void OnError(j_common_ptr info) {
  auto* const manager = reinterpret_cast<ErrorManager*>(info->err);
  manager->code = manager->base.msg_code;
  manager->base.format_message(info, manager->message);
  std::longjmp(manager->escape, 1);
}

// Negative levels are warnings: data were missing and have been made up; or
// there were some too many, or a header says what not all decoders know, which
// changes no pixel.
void OnMessage(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
    case JWRN_NOT_SEQUENTIAL:
      return;
    default:
      OnError(info);
  }
}

// Called now and then, at least once a scan.
void OnProgress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans)
    return;
  auto* const manager = reinterpret_cast<ErrorManager*>(info->err);
  manager->code = 0;
  std::snprintf(manager->message, sizeof(manager->message), "too many scans");
  std::longjmp(manager->escape, 1);
}

// Rows or columns.
struct Span {
  JDIMENSION begin;
  JDIMENSION end;
};

// One file on its way through libjpeg. In each step that may longjmp no object
// with a destructor is alive.
class Decoder {
 public:
  explicit Decoder(absl::string_view bytes) : bytes_(bytes) {
    decoder_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = OnError;
    errors_.base.emit_message = OnMessage;
    errors_.message[0] = '\0';
    progress_.progress_monitor = OnProgress;
  }
  // libjpeg sets and clears what it owns; nothing happens if it never began.
  ~Decoder() {
    if (created_) jpeg_destroy_decompress(&decoder_);
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  bool ReadHeader() {
    if (setjmp(errors_.escape) != 0) return false;
    created_ = true;
    jpeg_create_decompress(&decoder_);
    decoder_.progress = &progress_;
    jpeg_save_markers(&decoder_, kExifMarker, 0xffff);
    jpeg_mem_src(&decoder_,
                 reinterpret_cast<const unsigned char*>(bytes_.data()),
                 bytes_.size());
    jpeg_read_header(&decoder_, TRUE);
    return true;
  }

  // After ReadHeader: the size as stored, and how to turn it.
  ImageSize stored() const {
    return {static_cast<int>(decoder_.image_height),
            static_cast<int>(decoder_.image_width)};
  }
  int orientation() const {
    for (jpeg_saved_marker_ptr marker = decoder_.marker_list; marker != nullptr;
         marker = marker->next) {
      if (marker->marker != kExifMarker) continue;
      const int orientation =
          ExifOrientation({marker->data, marker->data_length});
      if (orientation != 1) return orientation;
    }
    return 1;
  }
  bool too_large() const {
    return decoder_.image_width > kMaxSide ||
           decoder_.image_height > kMaxSide ||
           int64_t{decoder_.image_width} * decoder_.image_height > kMaxPixels;
  }

  // After ReadHeader: the size of what is decoded.
  bool Start(int denominator) {
    if (setjmp(errors_.escape) != 0) return false;
    cmyk_ = decoder_.jpeg_color_space == JCS_CMYK ||
            decoder_.jpeg_color_space == JCS_YCCK;
    decoder_.out_color_space = cmyk_ ? JCS_CMYK : JCS_RGB;
    decoder_.scale_num = 1;
    decoder_.scale_denom = denominator;
    jpeg_start_decompress(&decoder_);
    return true;
  }
  ImageSize output() const {
    return {static_cast<int>(decoder_.output_height),
            static_cast<int>(decoder_.output_width)};
  }

  // After Start. pixels: [output.height][output.width][3], of which the rows
  // and columns of `wanted` are set; `row` has room for 4 bytes a pixel of a
  // row.
  bool Decode(const Span& rows, const Span& columns, uint8_t* pixels,
              uint8_t* row) {
    if (setjmp(errors_.escape) != 0) return false;
    const JDIMENSION height = decoder_.output_height;
    const size_t row_size = size_t{decoder_.output_width} * 3;
    if (columns.begin > 0 || columns.end < decoder_.output_width) {
      JDIMENSION begin = columns.begin;
      JDIMENSION width = columns.end - columns.begin;
      // Moves both to where the decoder can begin and end.
      jpeg_crop_scanline(&decoder_, &begin, &width);
      first_byte_ = size_t{begin} * 3;
    }
    if (rows.begin > 0) jpeg_skip_scanlines(&decoder_, rows.begin);
    while (decoder_.output_scanline < height) {
      // The last row is decoded for the errors before it.
      if (decoder_.output_scanline >= rows.end &&
          decoder_.output_scanline + 1 < height) {
        jpeg_skip_scanlines(&decoder_, height - 1 - decoder_.output_scanline);
      }
      JSAMPROW target =
          pixels + decoder_.output_scanline * row_size + first_byte_;
      JSAMPROW read = cmyk_ ? row : target;
      jpeg_read_scanlines(&decoder_, &read, 1);
      if (cmyk_) CmykToRgb(row, target);
    }
    jpeg_finish_decompress(&decoder_);
    return true;
  }

  // After a step has failed.
  absl::Status Error(absl::string_view name) const;

 private:
  // Adobe's programs, which put a marker of their own, store 255 - ink.
  void CmykToRgb(const uint8_t* from, uint8_t* to) const {
    const int full = decoder_.saw_Adobe_marker ? 0 : 255;
    for (JDIMENSION x = 0; x < decoder_.output_width; ++x, from += 4, to += 3) {
      const int black = full ^ from[3];
      for (int c = 0; c < 3; ++c)
        to[c] = static_cast<uint8_t>(((full ^ from[c]) * black + 127) / 255);
    }
  }

  const absl::string_view bytes_;
  jpeg_decompress_struct decoder_ = {};
  jpeg_progress_mgr progress_ = {};
  ErrorManager errors_ = {};
  bool created_ = false;
  bool cmyk_ = false;
  size_t first_byte_ = 0;  // that is decoded of a row
};

// What else the file is; nullptr: unknown.
const char* OtherFormat(absl::string_view bytes) {
  if (absl::StartsWith(bytes, "\x89PNG")) return "a PNG";
  if (absl::StartsWith(bytes, "GIF8")) return "a GIF";
  if (absl::StartsWith(bytes, "BM")) return "a BMP";
  if (absl::StartsWith(bytes, "II*") || absl::StartsWith(bytes, "MM")) {
    return "a TIFF";
  }
  if (absl::StartsWith(bytes, "RIFF") && bytes.substr(8, 4) == "WEBP") {
    return "a WebP";
  }
  return nullptr;
}

absl::Status Decoder::Error(absl::string_view name) const {
  const auto error = [&](auto... what) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": ", what...));
  };
  if (bytes_.substr(0, 2) != "\xff\xd8") {
    const char* const other = OtherFormat(bytes_);
    if (other != nullptr)
      return error("is not a JPEG file but ", other, "; convert it");
    return error("is not a JPEG file", bytes_.empty() ? " (empty)" : "");
  }
  if (errors_.code == JERR_OUT_OF_MEMORY) {
    return absl::ResourceExhaustedError(absl::StrCat(
        name, ": not enough memory to decode the JPEG; use fewer threads"));
  }
  if (errors_.code == JERR_BAD_PRECISION)
    return error("the JPEG has more than 8 bits a channel; convert it");
  return error("the JPEG is cut off or damaged (", errors_.message,
               "); replace it");
}

absl::Status TooLarge(absl::string_view name) {
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": the JPEG is larger than ", kMaxSide,
                   " pixels a side or ", kMaxPixels, " in all"));
}

ImageSize Turned(const ImageSize& stored, int orientation) {
  return SwapsSides(orientation) ? ImageSize{stored.width, stored.height}
                                 : stored;
}

// What must be decoded so that `begin` to `begin` + `size` and a pixel on each
// side come out as they do of the whole: at the edge of what is decoded, colour
// of half the resolution is interpolated otherwise.
Span WithMargin(double begin, double size, int limit) {
  constexpr double kMargin = 9;
  const double first = std::floor(begin) - kMargin;
  const double last = std::ceil(begin + size) + kMargin;
  return {static_cast<JDIMENSION>(std::clamp<double>(first, 0, limit - 1)),
          static_cast<JDIMENSION>(std::clamp<double>(last, 1, limit))};
}

// The header, whose sizes are checked.
absl::Status ReadHeader(absl::string_view name, Decoder& decoder) {
  if (!decoder.ReadHeader()) return decoder.Error(name);
  return decoder.too_large() ? TooLarge(name) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<ImageShape> JpegShape(absl::string_view bytes,
                                     absl::string_view name) {
  Decoder decoder(bytes);
  RETURN_IF_ERROR(ReadHeader(name, decoder));
  const ImageSize size = Turned(decoder.stored(), decoder.orientation());
  return ImageShape{size.height, size.width, 3};
}

absl::StatusOr<DecodedJpeg> DecodeJpegPart(
    absl::string_view bytes, absl::string_view name,
    absl::FunctionRef<JpegPart(const ImageSize& full)> choose) {
  Decoder decoder(bytes);
  RETURN_IF_ERROR(ReadHeader(name, decoder));
  const int orientation = decoder.orientation();
  DecodedJpeg image;
  image.full = Turned(decoder.stored(), orientation);
  const JpegPart wanted = choose(image.full);
  if (!decoder.Start(wanted.denominator)) return decoder.Error(name);
  const ImageSize stored = decoder.output();
  image.size = Turned(stored, orientation);
  image.pixels = std::make_unique_for_overwrite<uint8_t[]>(
      size_t{3} * stored.height * stored.width);
  std::vector<uint8_t> row(size_t{4} * stored.width);
  Span rows{0, static_cast<JDIMENSION>(stored.height)};
  Span columns{0, static_cast<JDIMENSION>(stored.width)};
  if (orientation == 1) {
    rows = WithMargin(wanted.part.top, wanted.part.height, stored.height);
    columns = WithMargin(wanted.part.left, wanted.part.width, stored.width);
  }
  if (!decoder.Decode(rows, columns, image.pixels.get(), row.data()))
    return decoder.Error(name);
  if (orientation != 1)
    image.pixels = Upright(image.pixels.get(), stored, orientation);
  return image;
}

JpegPart WholeJpeg(const ImageSize& full, int denominator) {
  return {denominator,
          {0, 0, static_cast<double>(Reduced(full.height, denominator)),
           static_cast<double>(Reduced(full.width, denominator))}};
}

absl::Status DecodeJpeg(absl::string_view bytes, absl::string_view name,
                        const ImageShape& shape, uint8_t* pixels) {
  ASSIGN_OR_RETURN(const ImageShape found, JpegShape(bytes, name));
  if (!(found == shape)) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": is ", found.width, "x", found.height,
                     " pixels where the images before it are ", shape.width,
                     "x", shape.height,
                     "; resize them to one size, or give "
                     "dataset.resize"));
  }
  ASSIGN_OR_RETURN(const DecodedJpeg image,
                   DecodeJpegPart(bytes, name, [](const ImageSize& full) {
                     return WholeJpeg(full);
                   }));
  std::copy_n(image.pixels.get(), shape.size(), pixels);
  return absl::OkStatus();
}

}  // namespace tritlab
