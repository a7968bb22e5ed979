#include "datasets/decode_photograph.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "base/status_macros.h"
#include "datasets/jpeg.h"
#include "datasets/region.h"
#include "datasets/resample.h"

namespace tritlab {
namespace {

// The most that an image can be made smaller so that each region still has as
// many pixels as what becomes of it.
int Denominator(const std::vector<Region>& regions, const ImageShape& shape) {
  for (int denominator : {8, 4, 2}) {
    if (std::all_of(regions.begin(), regions.end(), [&](const Region& region) {
          return region.height >= denominator * shape.height &&
                 region.width >= denominator * shape.width;
        })) {
      return denominator;
    }
  }
  return 1;
}

// A region of the image, as large as `full`, in one as large as `size`.
Region Scaled(const Region& region, const ImageSize& full,
              const ImageSize& size) {
  const double y = static_cast<double>(size.height) / full.height;
  const double x = static_cast<double>(size.width) / full.width;
  return {region.top * y, region.left * x, region.height * y, region.width * x};
}

// What must be decoded for the regions, with what the filter takes from beside
// them.
JpegPart PartOf(const std::vector<Region>& regions, const ImageSize& full,
                const ImageShape& shape) {
  JpegPart wanted;
  wanted.denominator = Denominator(regions, shape);
  const ImageSize size{Reduced(full.height, wanted.denominator),
                       Reduced(full.width, wanted.denominator)};
  double top = size.height, left = size.width, bottom = 0, right = 0;
  for (const Region& region : regions) {
    const Region part = Scaled(region, full, size);
    const double y = ResampleReach(part.height, shape.height);
    const double x = ResampleReach(part.width, shape.width);
    top = std::min(top, part.top - y);
    left = std::min(left, part.left - x);
    bottom = std::max(bottom, part.top + part.height + y);
    right = std::max(right, part.left + part.width + x);
  }
  top = std::max(top, 0.0);
  left = std::max(left, 0.0);
  wanted.part = {top, left, std::min<double>(bottom, size.height) - top,
                 std::min<double>(right, size.width) - left};
  return wanted;
}

}  // namespace

absl::Status DecodePhotograph(absl::string_view bytes, absl::string_view name,
                              ChooseRegions choose, const ImageShape& shape,
                              std::span<uint8_t> pixels) {
  std::vector<Region> regions;
  ASSIGN_OR_RETURN(const DecodedJpeg image,
                   DecodeJpegPart(bytes, name, [&](const ImageSize& full) {
                     regions = choose(full);
                     return PartOf(regions, full, shape);
                   }));
  uint8_t* output = pixels.data();
  for (const Region& region : regions) {
    assert(output + shape.size() <= pixels.data() + pixels.size());
    Resample(image.pixels.get(), image.size, 3,
             Scaled(region, image.full, image.size),
             {shape.height, shape.width}, output);
    output += shape.size();
  }
  return absl::OkStatus();
}

int DefaultShorterSide(int crop) {
  return static_cast<int>(std::lround(crop * 256.0 / 224));
}

}  // namespace tritlab
