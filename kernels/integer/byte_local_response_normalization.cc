#include "kernels/integer/byte_local_response_normalization.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace tritlab {
namespace {

// scale^-beta. Square roots are correctly rounded everywhere, std::pow is not.
float Shrinkage(float scale, float beta) {
  if (beta != 0.75f) return std::pow(scale, -beta);
  const float root = std::sqrt(scale);
  return 1 / (root * std::sqrt(root));
}

}  // namespace

void NormalizeLocalResponseOfBytes(const LocalResponseNormalizationShape& shape,
                                   float input_step, float output_step,
                                   const uint8_t* input, uint8_t* output) {
  const int64_t channels = shape.input.channels;
  const int64_t reach = (shape.size - 1) / 2;
  const float of_square =
      shape.alpha / static_cast<float>(shape.size) * input_step * input_step;
  const float rescale = input_step / output_step;
#pragma omp parallel for schedule(static)
  for (int64_t pixel = 0; pixel < shape.input.size() / channels; ++pixel) {
    const uint8_t* const from = input + pixel * channels;
    uint8_t* const to = output + pixel * channels;
    // Of channels c - reach to c + reach, kept up from channel to channel.
    int64_t squares = 0;
    for (int64_t c = 0; c < std::min(reach, channels); ++c)
      squares += from[c] * from[c];
    for (int64_t c = 0; c < channels; ++c) {
      if (c + reach < channels) squares += from[c + reach] * from[c + reach];
      if (c > reach) squares -= from[c - reach - 1] * from[c - reach - 1];
      const float scale = shape.k + of_square * static_cast<float>(squares);
      const float value =
          static_cast<float>(from[c]) * rescale * Shrinkage(scale, shape.beta);
      to[c] = static_cast<uint8_t>(std::nearbyint(std::min(value, 255.0f)));
    }
  }
}

}  // namespace tritlab
