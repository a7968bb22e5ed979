// Which part of an image the network sees: the crops of evaluation and of
// training. dataset.proto says what each of them is.
#ifndef TRITLAB_DATASETS_REGION_H_
#define TRITLAB_DATASETS_REGION_H_

#include <array>

#include "base/random.h"
#include "datasets/dataset.pb.h"

namespace tritlab {

// The largest side that an image may be resized to.
inline constexpr int kMaxShorterSide = 8192;

struct ImageSize {
  int height = 0;
  int width = 0;

  bool operator==(const ImageSize&) const = default;
};

// A rectangle in the pixels of an image, that need not begin or end at whole
// ones.
struct Region {
  double top = 0;
  double left = 0;
  double height = 0;
  double width = 0;

  bool operator==(const Region&) const = default;
};

// The image's size after its shorter side was resized to `shorter_side`, as
// dataset.proto rounds the longer one.
ImageSize ResizedSize(const ImageSize& image, int shorter_side);

// What `crop` at (top, left) of the image shows after it was resized to
// `shorter_side`.
Region RegionOfResized(const ImageSize& image, int shorter_side,
                       const ImageSize& crop, int top, int left);

// The centre crop of evaluation. `shorter_side` is at least either side of
// `crop`, here and below.
Region CenterRegion(const ImageSize& image, int shorter_side,
                    const ImageSize& crop);

// Top left, top right, bottom left, bottom right, centre: half of the ten
// crops, of which the others are the mirror images.
std::array<Region, 5> FiveRegions(const ImageSize& image, int shorter_side,
                                  const ImageSize& crop);

// Training's crops, by the numbers of `random`; a valid spec each.
// `shorter_side` is the dataset's.
Region RandomCrop(const RandomCropSpec& spec, const ImageSize& image,
                  int shorter_side, const ImageSize& crop,
                  const RandomStream& random);
Region RandomResizedCrop(const RandomResizedCropSpec& spec,
                         const ImageSize& image, const RandomStream& random);

// The spec's limits, or their defaults.
struct RandomResizedCropLimits {
  explicit RandomResizedCropLimits(const RandomResizedCropSpec& spec);
  float scale_min, scale_max, ratio_min, ratio_max;
};

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_REGION_H_
