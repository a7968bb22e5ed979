#include "datasets/jpeg.h"

// jpeglib.h needs FILE and size_t.
#include <jpeglib.h>

#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

constexpr JDIMENSION kMaxSide = 16384;
// Each scan passes over the whole image: a small file of many scans would take
// minutes. Encoders write about ten.
constexpr int kMaxScans = 500;

// libjpeg reports through callbacks that must not return; longjmp is its way
// out. No object with a destructor may be alive in between.
struct ErrorManager {
  jpeg_error_mgr base;  // first: libjpeg knows the whole by its address
  std::jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
};

void OnError(j_common_ptr info) {
  auto* const manager = reinterpret_cast<ErrorManager*>(info->err);
  manager->base.format_message(info, manager->message);
  std::longjmp(manager->escape, 1);
}

// Negative levels are warnings: data were missing and have been made up.
void OnMessage(j_common_ptr info, int level) {
  if (level < 0) OnError(info);
}

// Called now and then, at least once a scan.
void OnProgress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans)
    return;
  auto* const manager = reinterpret_cast<ErrorManager*>(info->err);
  std::snprintf(manager->message, sizeof(manager->message), "too many scans");
  std::longjmp(manager->escape, 1);
}

enum class Outcome { kDone, kError, kNotRgb, kTooLarge, kOtherShape };

// Reads the header into *shape or, with `pixels`, decodes an image of *shape.
Outcome Run(absl::string_view bytes, ImageShape* shape, uint8_t* pixels,
            ErrorManager* manager) {
  jpeg_decompress_struct decoder;
  jpeg_progress_mgr progress = {};
  progress.progress_monitor = OnProgress;
  decoder.err = jpeg_std_error(&manager->base);
  manager->base.error_exit = OnError;
  manager->base.emit_message = OnMessage;
  if (setjmp(manager->escape) != 0) {
    jpeg_destroy_decompress(&decoder);
    return Outcome::kError;
  }
  jpeg_create_decompress(&decoder);
  decoder.progress = &progress;
  jpeg_mem_src(&decoder, reinterpret_cast<const unsigned char*>(bytes.data()),
               bytes.size());
  jpeg_read_header(&decoder, TRUE);
  Outcome outcome = Outcome::kDone;
  if (decoder.image_width > kMaxSide || decoder.image_height > kMaxSide) {
    outcome = Outcome::kTooLarge;
  } else if (decoder.jpeg_color_space == JCS_CMYK ||
             decoder.jpeg_color_space == JCS_YCCK) {
    outcome = Outcome::kNotRgb;
  } else if (pixels == nullptr) {
    *shape = {static_cast<int>(decoder.image_height),
              static_cast<int>(decoder.image_width), 3};
  } else if (static_cast<int>(decoder.image_height) != shape->height ||
             static_cast<int>(decoder.image_width) != shape->width) {
    *shape = {static_cast<int>(decoder.image_height),
              static_cast<int>(decoder.image_width), 3};
    outcome = Outcome::kOtherShape;
  } else {
    decoder.out_color_space = JCS_RGB;
    jpeg_start_decompress(&decoder);
    const size_t row_size = size_t{decoder.output_width} * 3;
    while (decoder.output_scanline < decoder.output_height) {
      JSAMPROW row = pixels + decoder.output_scanline * row_size;
      jpeg_read_scanlines(&decoder, &row, 1);
    }
    jpeg_finish_decompress(&decoder);
  }
  jpeg_destroy_decompress(&decoder);
  return outcome;
}

absl::Status ToStatus(Outcome outcome, absl::string_view bytes,
                      absl::string_view name, const ErrorManager& manager) {
  switch (outcome) {
    case Outcome::kError:
      if (bytes.substr(0, 2) != "\xff\xd8") {
        return absl::InvalidArgumentError(absl::StrCat(
            name, ": is not a JPEG file", bytes.empty() ? " (empty)" : ""));
      }
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": the JPEG is cut off or damaged (",
                       manager.message, "); replace it"));
    case Outcome::kNotRgb:
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": the JPEG has CMYK colours; convert it to RGB"));
    case Outcome::kTooLarge:
      return absl::InvalidArgumentError(absl::StrCat(
          name, ": the JPEG is larger than ", kMaxSide, " pixels a side"));
    default:
      return absl::OkStatus();
  }
}

}  // namespace

absl::StatusOr<ImageShape> JpegShape(absl::string_view bytes,
                                     absl::string_view name) {
  ErrorManager manager;
  ImageShape shape;
  RETURN_IF_ERROR(
      ToStatus(Run(bytes, &shape, nullptr, &manager), bytes, name, manager));
  return shape;
}

absl::Status DecodeJpeg(absl::string_view bytes, absl::string_view name,
                        const ImageShape& shape, uint8_t* pixels) {
  ErrorManager manager;
  ImageShape found = shape;
  const Outcome outcome = Run(bytes, &found, pixels, &manager);
  if (outcome == Outcome::kOtherShape) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": is ", found.width, "x", found.height,
                     " pixels where the images before it are ", shape.width,
                     "x", shape.height, "; resize them to one size"));
  }
  return ToStatus(outcome, bytes, name, manager);
}

}  // namespace tritlab
