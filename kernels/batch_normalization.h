// Batch normalization (Ioffe and Szegedy, 2015) with an optional ReLU behind
// it, over oneDNN.
//
//   output = shift[c]
//       + scale[c] * (input - mean[c]) / sqrt(variance[c] + epsilon)
//
// and 0 for what is negative if there is a ReLU. Training takes mean and biased
// variance over batch, height and width; inference is given them. input, output
// and their gradients are `type`; everything that is one value a channel is
// f32.
#ifndef TRITLAB_KERNELS_BATCH_NORMALIZATION_H_
#define TRITLAB_KERNELS_BATCH_NORMALIZATION_H_

#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "kernels/tensor.h"

namespace tritlab {

struct BatchNormalizationShape {
  Shape input;
  float epsilon = 1e-5f;
  bool relu = false;

  // InvalidArgument when an extent or epsilon is not positive.
  absl::Status Validate() const;
};

class BatchNormalization {
 public:
  // With training = false only ForwardInference may be called.
  static absl::StatusOr<std::unique_ptr<BatchNormalization>> Create(
      const BatchNormalizationShape& shape, DataType type, bool training);
  virtual ~BatchNormalization() = default;

  // Spans have one f32 a channel. Writes the batch's mean and biased variance,
  // and keeps them (and where the ReLU was open) for Backward.
  virtual void ForwardTraining(const void* input, std::span<const float> scale,
                               std::span<const float> shift, void* output,
                               std::span<float> mean,
                               std::span<float> variance) = 0;
  virtual void ForwardInference(const void* input, std::span<const float> scale,
                                std::span<const float> shift,
                                std::span<const float> mean,
                                std::span<const float> variance,
                                void* output) = 0;
  // After ForwardTraining, with the same input and scale. Overwrites the three
  // gradients; grad_input may be grad_output itself.
  virtual void Backward(const void* input, const void* grad_output,
                        std::span<const float> scale, void* grad_input,
                        std::span<float> grad_scale,
                        std::span<float> grad_shift) = 0;

  // Which oneDNN implementation runs each pass, for benchmarks and reports:
  // "inference bnorm_jit:avx512_core, forward ...".
  virtual std::string Implementations() const = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_BATCH_NORMALIZATION_H_
