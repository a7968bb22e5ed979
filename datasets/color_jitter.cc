#include "datasets/color_jitter.h"

#include <algorithm>
#include <utility>

namespace tritlab {
namespace {

// Of ImageNet's colours in [0, 1]: the square roots of the eigenvalues of
// their covariance, and the eigenvectors, R, G, B each.
constexpr float kDeviations[3] = {0.2175f, 0.0188f, 0.0045f};
constexpr float kComponents[3][3] = {{-0.5675f, -0.5808f, -0.5836f},
                                     {0.7192f, -0.0045f, -0.6948f},
                                     {0.4009f, -0.8140f, 0.4203f}};

uint8_t ToByte(float value) {
  return static_cast<uint8_t>(std::clamp(value, 0.0f, 255.0f));
}

int Grey(const uint8_t* pixel) {
  return (19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2] + 32768) >> 16;
}

// x = from + factor * (x - from), for all that a byte can be.
std::array<uint8_t, 256> Blend(float from, float factor) {
  std::array<uint8_t, 256> result;
  for (int x = 0; x < 256; ++x)
    result[x] = ToByte(from + factor * (static_cast<float>(x) - from));
  return result;
}

void Replace(const std::array<uint8_t, 256>& by, int64_t count,
             uint8_t* pixels) {
  for (int64_t i = 0; i < 3 * count; ++i) pixels[i] = by[pixels[i]];
}

}  // namespace

ColorDecision DecideColor(const ColorJitterSpec& spec,
                          const RandomStream& random) {
  ColorDecision decision;
  for (int i = 2; i > 0; --i)
    std::swap(decision.order[i], decision.order[random.Below(i, i + 1)]);
  const float values[3] = {spec.brightness(), spec.contrast(),
                           spec.saturation()};
  for (int i = 0; i < 3; ++i) {
    if (values[i] > 0) {
      decision.factor[i] =
          random.Uniform(3 + i, std::max(0.0f, 1 - values[i]), 1 + values[i]);
    }
  }
  if (spec.lighting() > 0) {
    for (int i = 0; i < 3; ++i) {
      const float strength =
          spec.lighting() * random.Normal(6 + i) * kDeviations[i];
      for (int c = 0; c < 3; ++c)
        decision.shift[c] += 255 * strength * kComponents[i][c];
    }
  }
  return decision;
}

void ApplyColor(const ColorDecision& decision, int64_t count, uint8_t* pixels) {
  for (const ColorChange change : decision.order) {
    const float factor = decision.factor[static_cast<int>(change)];
    if (factor == 1) continue;
    switch (change) {
      case ColorChange::kBrightness:
        Replace(Blend(0, factor), count, pixels);
        break;
      case ColorChange::kContrast: {
        int64_t sum = 0;
        for (int64_t i = 0; i < count; ++i) sum += Grey(pixels + 3 * i);
        const int64_t mean = (2 * sum + count) / (2 * count);
        Replace(Blend(static_cast<float>(mean), factor), count, pixels);
        break;
      }
      case ColorChange::kSaturation:
        for (int64_t i = 0; i < count; ++i) {
          uint8_t* const pixel = pixels + 3 * i;
          const auto grey = static_cast<float>(Grey(pixel));
          for (int c = 0; c < 3; ++c) {
            pixel[c] =
                ToByte(grey + factor * (static_cast<float>(pixel[c]) - grey));
          }
        }
        break;
    }
  }
  if (decision.shift == std::array<float, 3>{0, 0, 0}) return;
  std::array<std::array<uint8_t, 256>, 3> shifted;
  for (int c = 0; c < 3; ++c) {
    for (int x = 0; x < 256; ++x)
      shifted[c][x] = ToByte(static_cast<float>(x) + decision.shift[c]);
  }
  for (int64_t i = 0; i < 3 * count; ++i) pixels[i] = shifted[i % 3][pixels[i]];
}

}  // namespace tritlab
