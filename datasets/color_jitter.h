// Random brightness, contrast, saturation and lighting; dataset.proto has the
// formulas.
#ifndef TRITLAB_DATASETS_COLOR_JITTER_H_
#define TRITLAB_DATASETS_COLOR_JITTER_H_

#include <array>
#include <cstdint>

#include "base/random.h"
#include "datasets/dataset.pb.h"

namespace tritlab {

// The three changes whose order is random.
enum class ColorChange { kBrightness, kContrast, kSaturation };

// What happens to one image's colours.
struct ColorDecision {
  std::array<ColorChange, 3> order = {ColorChange::kBrightness,
                                      ColorChange::kContrast,
                                      ColorChange::kSaturation};
  std::array<float, 3> factor = {1, 1, 1};  // by ColorChange
  std::array<float, 3> shift = {0, 0, 0};   // added to R, G, B

  bool operator==(const ColorDecision&) const = default;
};

// One image's decision by the numbers of `random`: the same stream decides the
// same. `spec` is a valid one; what it leaves at 0 does not happen.
ColorDecision DecideColor(const ColorJitterSpec& spec,
                          const RandomStream& random);

// Changes `count` RGB pixels in place.
void ApplyColor(const ColorDecision& decision, int64_t count, uint8_t* pixels);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_COLOR_JITTER_H_
