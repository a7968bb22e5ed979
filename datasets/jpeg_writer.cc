#include "datasets/jpeg_writer.h"

// jpeglib.h needs FILE and size_t.
#include <jpeglib.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace tritlab {
namespace {

// `order_scans` is called with the encoder before it starts.
template <typename OrderScans>
std::string Encode(const std::vector<uint8_t>& pixels, int height, int width,
                   int components, int quality, OrderScans order_scans) {
  jpeg_compress_struct encoder;
  jpeg_error_mgr error;
  encoder.err = jpeg_std_error(&error);
  jpeg_create_compress(&encoder);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &bytes, &size);
  encoder.image_width = width;
  encoder.image_height = height;
  encoder.input_components = components;
  encoder.in_color_space = components == 1   ? JCS_GRAYSCALE
                           : components == 3 ? JCS_RGB
                                             : JCS_CMYK;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, quality, TRUE);
  encoder.comp_info[0].h_samp_factor = 1;
  encoder.comp_info[0].v_samp_factor = 1;
  order_scans(&encoder);
  jpeg_start_compress(&encoder, TRUE);
  while (encoder.next_scanline < encoder.image_height) {
    auto* row = const_cast<JSAMPLE*>(
        pixels.data() + size_t{encoder.next_scanline} * width * components);
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  std::string result(reinterpret_cast<const char*>(bytes), size);
  std::free(bytes);
  return result;
}

}  // namespace

std::string EncodeJpeg(const std::vector<uint8_t>& pixels, int height,
                       int width, int components, int quality,
                       bool progressive) {
  return Encode(pixels, height, width, components, quality,
                [&](jpeg_compress_struct* encoder) {
                  if (progressive) jpeg_simple_progression(encoder);
                });
}

std::string EncodeSubsampledJpeg(const std::vector<uint8_t>& pixels, int height,
                                 int width, int horizontal, int vertical,
                                 bool progressive) {
  return Encode(pixels, height, width, 3, 85,
                [&](jpeg_compress_struct* encoder) {
                  encoder->comp_info[0].h_samp_factor = horizontal;
                  encoder->comp_info[0].v_samp_factor = vertical;
                  if (progressive) jpeg_simple_progression(encoder);
                });
}

std::string ManyScansJpeg(int scans) {
  // Each coefficient by itself, from the highest of ten bits to the lowest.
  std::vector<jpeg_scan_info> script;
  for (int coefficient = 0; coefficient < 64; ++coefficient) {
    for (int bit = 9; bit >= 0; --bit) {
      script.push_back(
          {1, {0}, coefficient, coefficient, bit == 9 ? 0 : bit + 1, bit});
    }
  }
  script.resize(scans);
  return Encode(std::vector<uint8_t>(64, 90), 8, 8, 1, 95,
                [&](jpeg_compress_struct* encoder) {
                  encoder->scan_info = script.data();
                  encoder->num_scans = scans;
                });
}

std::string PlainJpeg(int height, int width, uint8_t red, uint8_t green,
                      uint8_t blue) {
  std::vector<uint8_t> pixels;
  for (int i = 0; i < height * width; ++i) {
    pixels.insert(pixels.end(), {red, green, blue});
  }
  return EncodeJpeg(pixels, height, width, 3);
}

}  // namespace tritlab
