// Makes JPEG files: pictures for TensorBoard, and what tests read.
#ifndef TRITLAB_DATASETS_JPEG_WRITER_H_
#define TRITLAB_DATASETS_JPEG_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

namespace tritlab {

// pixels: [height][width][components], with 1 (grey), 3 (RGB) or 4 (CMYK)
// components. Chroma is not subsampled.
std::string EncodeJpeg(const std::vector<uint8_t>& pixels, int height,
                       int width, int components, int quality = 95,
                       bool progressive = false);

// RGB, whose chroma has a half of the rows or columns where that is 2, else
// all.
std::string EncodeSubsampledJpeg(const std::vector<uint8_t>& pixels, int height,
                                 int width, int horizontal, int vertical,
                                 bool progressive = false);

// An image of one colour.
std::string PlainJpeg(int height, int width, uint8_t red, uint8_t green,
                      uint8_t blue);

// A grey image of 8x8 pixels in that many progressive scans, 1 to 640.
std::string ManyScansJpeg(int scans);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_JPEG_WRITER_H_
