// Batch normalization as its formulas say it (kernels/batch_normalization.h),
// to test the fast one against. Sums are double.
#ifndef TRITLAB_KERNELS_REFERENCE_BATCH_NORMALIZATION_H_
#define TRITLAB_KERNELS_REFERENCE_BATCH_NORMALIZATION_H_

#include <cmath>
#include <cstdint>
#include <span>

#include "kernels/batch_normalization.h"

namespace tritlab::reference {

// What Ioffe and Szegedy's equation gives one element, before the ReLU.
template <typename Real>
double Normalized(const BatchNormalizationShape& shape, Real input, Real mean,
                  Real variance) {
  return (static_cast<double>(input) - mean) /
         std::sqrt(static_cast<double>(variance) + shape.epsilon);
}

template <typename Real>
void BatchNormalizationInference(
    const BatchNormalizationShape& shape, std::span<const Real> input,
    std::span<const Real> scale, std::span<const Real> shift,
    std::span<const Real> mean, std::span<const Real> variance,
    std::span<Real> output, std::span<const Real> addend = {}) {
  for (size_t i = 0; i < input.size(); ++i) {
    const int64_t c = i % shape.input.channels;
    double value =
        scale[c] * Normalized(shape, input[i], mean[c], variance[c]) + shift[c];
    if (shape.add) value += addend[i];
    if (shape.relu && value < 0) value = 0;
    output[i] = static_cast<Real>(value);
  }
}

template <typename Real>
void BatchNormalizationTraining(const BatchNormalizationShape& shape,
                                std::span<const Real> input,
                                std::span<const Real> scale,
                                std::span<const Real> shift,
                                std::span<Real> output, std::span<Real> mean,
                                std::span<Real> variance,
                                std::span<const Real> addend = {}) {
  const size_t channels = shape.input.channels;
  const double pixels = static_cast<double>(input.size()) / channels;
  for (size_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (size_t i = c; i < input.size(); i += channels) sum += input[i];
    const double channel_mean = sum / pixels;
    double squares = 0;
    for (size_t i = c; i < input.size(); i += channels) {
      squares += (input[i] - channel_mean) * (input[i] - channel_mean);
    }
    mean[c] = static_cast<Real>(channel_mean);
    variance[c] = static_cast<Real>(squares / pixels);
  }
  BatchNormalizationInference<Real>(shape, input, scale, shift, mean, variance,
                                    output, addend);
}

// With x the normalized input, g the gradient behind the ReLU and means over
// batch and pixels,
//   grad_addend = g;   grad_shift = sum g;   grad_scale = sum g x
//   grad_input = scale / sqrt(variance + epsilon) * (g - mean(g) - x mean(g x))
template <typename Real>
void BatchNormalizationBackward(
    const BatchNormalizationShape& shape, std::span<const Real> input,
    std::span<const Real> grad_output, std::span<const Real> scale,
    std::span<const Real> shift, std::span<const Real> mean,
    std::span<const Real> variance, std::span<Real> grad_input,
    std::span<Real> grad_scale, std::span<Real> grad_shift,
    std::span<const Real> addend = {}, std::span<Real> grad_addend = {}) {
  const size_t channels = shape.input.channels;
  const double pixels = static_cast<double>(input.size()) / channels;
  for (size_t c = 0; c < channels; ++c) {
    const auto normalized = [&](size_t i) {
      return Normalized(shape, input[i], mean[c], variance[c]);
    };
    const auto gradient = [&](size_t i) -> double {
      const double before =
          scale[c] * normalized(i) + shift[c] + (shape.add ? addend[i] : 0);
      const bool closed = shape.relu && before <= 0;
      return closed ? 0 : grad_output[i];
    };
    double sum = 0;
    double sum_normalized = 0;
    for (size_t i = c; i < input.size(); i += channels) {
      sum += gradient(i);
      if (shape.add) grad_addend[i] = static_cast<Real>(gradient(i));
      sum_normalized += gradient(i) * normalized(i);
    }
    for (size_t i = c; i < input.size(); i += channels) {
      grad_input[i] = static_cast<Real>(
          scale[c] /
          std::sqrt(static_cast<double>(variance[c]) + shape.epsilon) *
          (gradient(i) - sum / pixels -
           normalized(i) * sum_normalized / pixels));
    }
    grad_shift[c] = static_cast<Real>(sum);
    grad_scale[c] = static_cast<Real>(sum_normalized);
  }
}

}  // namespace tritlab::reference

#endif  // TRITLAB_KERNELS_REFERENCE_BATCH_NORMALIZATION_H_
