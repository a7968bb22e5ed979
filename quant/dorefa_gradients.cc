#include "quant/dorefa_gradients.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/random.h"
#include "base/vector_clones.h"
#include "quant/statistics.h"

namespace tritlab {
namespace {

constexpr uint64_t kNoise = 0x6e6f697365;  // the random stream of this file

// Uniform in [0, 1), a multiple of 2^-24: a hash of the index (the finalizer of
// C. Wellons' search for 32-bit mixers, lowbias32) under a key that the random
// stream gives. A draw of the stream for each value would cost more than the
// rest of the layer.
TRITLAB_ALWAYS_INLINE float Dither(uint32_t key, uint32_t index) {
  uint32_t x = key + index * 0x9e3779b9u;
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  x ^= x >> 16;
  return static_cast<float>(static_cast<int32_t>(x >> 8)) * 0x1p-24f;
}

// round(steps (g / 2m + 1/2) + N') with N' uniform in [-1/2, 1/2) is the floor
// of the same with N' in [0, 1).
TRITLAB_VECTOR_CLONES
void RoundWithNoise(const float* gradient, float* quantized, size_t count,
                    float scale, float steps, float step_size, uint32_t key) {
#pragma omp simd
  for (size_t i = 0; i < count; ++i) {
    const float level = std::floor(gradient[i] * scale + 0.5f * steps +
                                   Dither(key, static_cast<uint32_t>(i)));
    // Up to rounding, the largest magnitude's level may come out beyond an end.
    const float above = level < 0 ? 0 : level;
    const float within = above > steps ? steps : above;
    quantized[i] = (within - 0.5f * steps) * step_size;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<DorefaGradients>> DorefaGradients::Create(
    const DorefaGradientSpec& spec, const QuantizedLayer& layer) {
  if (spec.bits() < 2 || spec.bits() > 16) {
    return absl::InvalidArgumentError(
        absl::StrFormat("dorefa.bits is %d; it must be 2 to 16", spec.bits()));
  }
  return std::unique_ptr<DorefaGradients>(
      new DorefaGradients(spec.bits(), layer.seed));
}

void DorefaGradients::Quantize(int64_t image, std::span<const float> gradient,
                               std::span<float> quantized) const {
  const float largest = LargestMagnitude(gradient);
  const float steps_per_unit = steps_ / (2 * largest);
  // Zeros stay zeros, what is no number stays none, and what is too small for
  // steps stays as it is.
  if (!(largest > 0) || std::isinf(largest) || std::isinf(steps_per_unit)) {
    std::copy(gradient.begin(), gradient.end(), quantized.begin());
    return;
  }
  const auto key = static_cast<uint32_t>(
      RandomStream(seed_, kNoise, step_).Bits(static_cast<uint64_t>(image)));
  RoundWithNoise(gradient.data(), quantized.data(), gradient.size(),
                 steps_per_unit, steps_, 2 * largest / steps_, key);
}

}  // namespace tritlab
