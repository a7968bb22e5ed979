// A part of an image as an image of another size.
//
// Bilinear interpolation where it becomes larger, and the triangle filter
// stretched by the scale where it becomes smaller. In one direction, of `size`
// pixels of a region from `begin` to `out` pixels:
//
//   scale = size / out, width = max(scale, 1), centre = begin + (i + 1/2) scale
//   out[i] = sum_j w_ij in[j] / sum_j w_ij
//   w_ij = max(0, 1 - |j + 1/2 - centre| / width)
//
// over the pixels j of the image, those beside the region too: the crop of a
// resized image is the same as its resized region. First along rows, then along
// columns, and rounded to bytes after each, as Pillow and so torchvision do it,
// but with 14 bits for w: the same bytes on every machine, 1 away from Pillow's
// at most here and there.
#ifndef TRITLAB_DATASETS_RESAMPLE_H_
#define TRITLAB_DATASETS_RESAMPLE_H_

#include <algorithm>
#include <cstdint>

#include "datasets/region.h"

namespace tritlab {

// pixels: [image.height][image.width][channels]. The region lies within the
// image. output: [output_size.height][output_size.width][channels].
void Resample(const uint8_t* pixels, const ImageSize& image, int channels,
              const Region& region, const ImageSize& output_size,
              uint8_t* output);

// How far beside the region there are pixels that count, where `size` pixels
// become `output`; at most.
inline double ResampleReach(double size, int output) {
  return std::max(size / output, 1.0) + 1;
}

namespace internal {
// The formula above, in double precision and without rounding between the
// directions; for tests. output: doubles.
void ResampleReference(const uint8_t* pixels, const ImageSize& image,
                       int channels, const Region& region,
                       const ImageSize& output_size, double* output);
}  // namespace internal

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_RESAMPLE_H_
