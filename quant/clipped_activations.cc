#include "quant/clipped_activations.h"

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "base/vector_clones.h"

namespace tritlab {
namespace {

absl::Status CheckBits(const char* method, int bits) {
  if (bits >= 1 && bits <= 8) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s.bits is %d; it must be 1 to 8", method, bits));
}

// Comparisons that let what is no number through.
TRITLAB_VECTOR_CLONES
void ClipAndRound(const float* values, float* quantized, size_t count,
                  float clip, float per_step, float step) {
#pragma omp simd
  for (size_t i = 0; i < count; ++i) {
    const float x = values[i];
    const float above = x < 0 ? 0 : x;
    const float clipped = above > clip ? clip : above;
    quantized[i] = std::nearbyintf(clipped * per_step) * step;
  }
}

TRITLAB_VECTOR_CLONES
void MaskClipped(const float* values, const float* grad_quantized,
                 float* grad_values, size_t count, float clip) {
#pragma omp simd
  for (size_t i = 0; i < count; ++i) {
    const float keep = values[i] > 0 && values[i] < clip ? 1.0f : 0.0f;
    grad_values[i] = keep * grad_quantized[i];
  }
}

// The sum of gradients where the value is clipped: in one order, whatever the
// instruction set, so that results do not depend on it.
double SumAtClip(const float* values, const float* grad_quantized, size_t count,
                 float clip) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i)
    sum += values[i] >= clip ? grad_quantized[i] : 0.0f;
  return sum;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ClippedActivations>> ClippedActivations::Create(
    const DorefaActivationSpec& spec) {
  RETURN_IF_ERROR(CheckBits("dorefa", spec.bits()));
  return std::unique_ptr<ClippedActivations>(
      new ClippedActivations(spec.bits(), 1, /*learned=*/false));
}

absl::StatusOr<std::unique_ptr<ClippedActivations>> ClippedActivations::Create(
    const PactSpec& spec) {
  RETURN_IF_ERROR(CheckBits("pact", spec.bits()));
  const float clip =
      spec.has_initial_clip() ? spec.initial_clip() : kDefaultInitialClip;
  if (!(clip >= kLeastClip && std::isfinite(clip))) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "pact.initial_clip is %g; it must be at least %g", clip, kLeastClip));
  }
  return std::unique_ptr<ClippedActivations>(
      new ClippedActivations(spec.bits(), clip, /*learned=*/true));
}

void ClippedActivations::Quantize(std::span<const float> values,
                                  std::span<float> quantized) const {
  ClipAndRound(values.data(), quantized.data(), values.size(), clip_.value,
               steps() / clip_.value, step());
}

double ClippedActivations::Backward(std::span<const float> values,
                                    std::span<const float> grad_quantized,
                                    std::span<float> grad_values) const {
  const double grad_clip = learned_
                               ? SumAtClip(values.data(), grad_quantized.data(),
                                           values.size(), clip_.value)
                               : 0;
  MaskClipped(values.data(), grad_quantized.data(), grad_values.data(),
              values.size(), clip_.value);
  return grad_clip;
}

}  // namespace tritlab
