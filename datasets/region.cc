#include "datasets/region.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace tritlab {
namespace {

// round(n / 2), a half to the even number.
int RoundedHalf(int n) { return static_cast<int>(std::nearbyint(n / 2.0)); }

}  // namespace

ImageSize ResizedSize(const ImageSize& image, int shorter_side) {
  const int shorter = std::min(image.height, image.width);
  const auto side = [&](int64_t of) {
    return static_cast<int>(shorter_side * of / shorter);
  };
  return {side(image.height), side(image.width)};
}

Region RegionOfResized(const ImageSize& image, int shorter_side,
                       const ImageSize& crop, int top, int left) {
  const ImageSize resized = ResizedSize(image, shorter_side);
  const double y = static_cast<double>(image.height) / resized.height;
  const double x = static_cast<double>(image.width) / resized.width;
  return {top * y, left * x, crop.height * y, crop.width * x};
}

Region CenterRegion(const ImageSize& image, int shorter_side,
                    const ImageSize& crop) {
  const ImageSize resized = ResizedSize(image, shorter_side);
  return RegionOfResized(image, shorter_side, crop,
                         RoundedHalf(resized.height - crop.height),
                         RoundedHalf(resized.width - crop.width));
}

std::array<Region, 5> FiveRegions(const ImageSize& image, int shorter_side,
                                  const ImageSize& crop) {
  const ImageSize resized = ResizedSize(image, shorter_side);
  const int top = RoundedHalf(resized.height - shorter_side);
  const int left = RoundedHalf(resized.width - shorter_side);
  const int down = shorter_side - crop.height;
  const int right = shorter_side - crop.width;
  const auto at = [&](int y, int x) {
    return RegionOfResized(image, shorter_side, crop, top + y, left + x);
  };
  return {at(0, 0), at(0, right), at(down, 0), at(down, right),
          at(RoundedHalf(down), RoundedHalf(right))};
}

Region RandomCrop(const RandomCropSpec& spec, const ImageSize& image,
                  int shorter_side, const ImageSize& crop,
                  const RandomStream& random) {
  const int least =
      spec.has_shorter_side_min() ? spec.shorter_side_min() : shorter_side;
  const int most =
      spec.has_shorter_side_max() ? spec.shorter_side_max() : least;
  const int side = least + static_cast<int>(random.Below(0, most - least + 1));
  const ImageSize resized = ResizedSize(image, side);
  return RegionOfResized(
      image, side, crop,
      static_cast<int>(random.Below(1, resized.height - crop.height + 1)),
      static_cast<int>(random.Below(2, resized.width - crop.width + 1)));
}

RandomResizedCropLimits::RandomResizedCropLimits(
    const RandomResizedCropSpec& spec)
    : scale_min(spec.has_scale_min() ? spec.scale_min() : 0.08f),
      scale_max(spec.has_scale_max() ? spec.scale_max() : 1.0f),
      ratio_min(spec.has_ratio_min() ? spec.ratio_min() : 3.0f / 4),
      ratio_max(spec.has_ratio_max() ? spec.ratio_max() : 4.0f / 3) {}

Region RandomResizedCrop(const RandomResizedCropSpec& spec,
                         const ImageSize& image, const RandomStream& random) {
  constexpr int kTries = 10;
  constexpr int kNumbersOfATry = 4;
  const RandomResizedCropLimits limits(spec);
  const double h = image.height, w = image.width;
  for (int i = 0; i < kTries; ++i) {
    const uint64_t first = i * kNumbersOfATry;
    const double area =
        h * w * random.Uniform(first, limits.scale_min, limits.scale_max);
    const double ratio = std::exp(static_cast<double>(random.Uniform(
        first + 1, std::log(limits.ratio_min), std::log(limits.ratio_max))));
    const double width = std::nearbyint(std::sqrt(area * ratio));
    const double height = std::nearbyint(std::sqrt(area / ratio));
    if (width < 1 || height < 1 || width > w || height > h) continue;
    return {static_cast<double>(
                random.Below(first + 2, static_cast<int64_t>(h - height) + 1)),
            static_cast<double>(
                random.Below(first + 3, static_cast<int64_t>(w - width) + 1)),
            height, width};
  }
  double height = h, width = w;
  if (w / h < limits.ratio_min) {
    height = std::clamp(std::nearbyint(w / limits.ratio_min), 1.0, h);
  } else if (w / h > limits.ratio_max) {
    width = std::clamp(std::nearbyint(h * limits.ratio_max), 1.0, w);
  }
  return {std::floor((h - height) / 2), std::floor((w - width) / 2), height,
          width};
}

}  // namespace tritlab
