// Batch normalization (batch_normalization.h) in parts, with its sums over
// batch and pixels laid open: whoever adds up the sums of several shares of a
// batch normalizes all of them as one batch.
//
//   mean = sum x / n;   variance = sum x^2 / n - mean^2
//   output = shift + scale * x_hat,   x_hat = (x - mean) / sqrt(variance + eps)
//   grad_shift = sum g;   grad_scale = sum g x_hat
//   grad_input = scale / sqrt(variance + eps)
//       * (g - grad_shift / n - x_hat * grad_scale / n)
//
// with n the pixels of the whole batch and g the gradient behind the ReLU.
// Sums are double: x^2 is exact in it, so that the difference above loses
// nothing that f32 could show. They are the same bits for any number of
// threads. input, output and their gradients are `type`.
#ifndef TRITLAB_KERNELS_SPLIT_BATCH_NORMALIZATION_H_
#define TRITLAB_KERNELS_SPLIT_BATCH_NORMALIZATION_H_

#include <span>

#include "kernels/batch_normalization.h"
#include "kernels/tensor.h"

namespace tritlab {

// sums: [2][channels], sum x and then sum x^2.
void BatchNormalizationSums(const BatchNormalizationShape& shape, DataType type,
                            const void* input, std::span<double> sums);

// mean and biased variance, [channels], from the sums over `pixels`.
void BatchNormalizationStatistics(std::span<const double> sums, double pixels,
                                  std::span<float> mean,
                                  std::span<float> variance);

// The output, from the statistics.
void BatchNormalizationApply(const BatchNormalizationShape& shape,
                             DataType type, const void* input,
                             std::span<const float> scale,
                             std::span<const float> shift,
                             std::span<const float> mean,
                             std::span<const float> variance, void* output);

// sums: [2][channels], sum g and then sum g x_hat. The ReLU was open where
// `output` is above 0; without a ReLU, it is not read.
void BatchNormalizationGradientSums(const BatchNormalizationShape& shape,
                                    DataType type, const void* input,
                                    const void* output, const void* grad_output,
                                    std::span<const float> mean,
                                    std::span<const float> variance,
                                    std::span<double> sums);

// grad_input, from the sums over `pixels`; may be grad_output itself.
void BatchNormalizationInputGradient(
    const BatchNormalizationShape& shape, DataType type, const void* input,
    const void* output, const void* grad_output, std::span<const float> scale,
    std::span<const float> mean, std::span<const float> variance,
    std::span<const double> sums, double pixels, void* grad_input);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_SPLIT_BATCH_NORMALIZATION_H_
