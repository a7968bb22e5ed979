// Batch normalization (Ioffe and Szegedy, 2015) with an optional ReLU behind
// it, and an optional addition between the two, as it ends a residual block.
//
//   output = shift[c]
//       + scale[c] * (input - mean[c]) / sqrt(variance[c] + epsilon)
//       (+ addend)
//
// and 0 for what is negative if there is a ReLU. Training takes mean and biased
// variance over batch, height and width; inference is given them. input, output
// and their gradients are `type`; everything that is one value a channel is
// f32.
#ifndef TRITLAB_KERNELS_BATCH_NORMALIZATION_H_
#define TRITLAB_KERNELS_BATCH_NORMALIZATION_H_

#include <functional>
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
  bool add = false;  // only with relu: a second input of the same shape

  // InvalidArgument when an extent or epsilon is not positive, or an addition
  // has no ReLU.
  absl::Status Validate() const;
};

// Of a batch that several ranks share: training then takes the statistics of
// the whole, and an input's gradient through them.
struct BatchShares {
  int count = 1;  // equal ones, of `shape.input` each
  // Adds up the doubles that all shares call it with, in place; the result is
  // the same bits for each. ForwardTraining calls it once, with sum x and
  // sum x^2 of each channel, so does Backward with two sums over gradients.
  // Not called for a single share.
  std::function<void(std::span<double>)> add_up = {};
};

class BatchNormalization {
 public:
  // With training = false only ForwardInference may be called.
  static absl::StatusOr<std::unique_ptr<BatchNormalization>> Create(
      const BatchNormalizationShape& shape, DataType type, bool training,
      BatchShares shares = {});
  virtual ~BatchNormalization() = default;

  // Spans have one f32 a channel. Writes the batch's mean and biased variance,
  // and keeps what Backward needs of them. addend: nullptr without addition.
  virtual void ForwardTraining(const void* input, const void* addend,
                               std::span<const float> scale,
                               std::span<const float> shift, void* output,
                               std::span<float> mean,
                               std::span<float> variance) = 0;
  virtual void ForwardInference(const void* input, const void* addend,
                                std::span<const float> scale,
                                std::span<const float> shift,
                                std::span<const float> mean,
                                std::span<const float> variance,
                                void* output) = 0;

  struct Gradients {
    // Received. With an addition the output may have two consumers, whose
    // gradients are summed on the way; else output_2 is nullptr.
    const void* output = nullptr;
    const void* output_2 = nullptr;
    // Sent, overwritten. With an addition, `addend` is the gradient behind the
    // ReLU and may be one of those received; else it is nullptr, and `input`
    // may be `output`.
    void* input = nullptr;
    void* addend = nullptr;
  };
  // After ForwardTraining, with the same input, output and scale. Overwrites
  // grad_scale and grad_shift, which are of this share alone.
  virtual void Backward(const void* input, const void* output,
                        const Gradients& gradients,
                        std::span<const float> scale,
                        std::span<float> grad_scale,
                        std::span<float> grad_shift) = 0;

  // Which implementation runs each pass, for benchmarks and reports:
  // "inference bnorm_jit:avx512_core, forward ...".
  virtual std::string Implementations() const = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_BATCH_NORMALIZATION_H_
