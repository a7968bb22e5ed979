// Local response normalization across channels (Krizhevsky et al. 2012, section
// 3.3), over oneDNN, with alpha divided by the size as in Caffe.
//
//   scale[c] = k
//       + alpha / size * (sum of input[d]^2 over |d - c| <= (size - 1) / 2)
//   output[c] = input[c] * scale[c]^-beta
//
// at each pixel; channels that do not exist count as 0. Computed in f32
// whatever the activations are stored as: scale is so near to k that bf16 would
// lose what makes it another number.
#ifndef TRITLAB_KERNELS_LOCAL_RESPONSE_NORMALIZATION_H_
#define TRITLAB_KERNELS_LOCAL_RESPONSE_NORMALIZATION_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/tensor.h"

namespace tritlab {

// The constants are those of AlexNet and GoogLeNet in Caffe.
struct LocalResponseNormalizationShape {
  Shape input;
  int64_t size = 5;
  float alpha = 1e-4f;
  float beta = 0.75f;
  float k = 1;

  // InvalidArgument, naming the field, when an extent is not positive, size is
  // even, alpha or beta is negative, k is not positive, or one is not finite.
  absl::Status Validate() const;
};

class LocalResponseNormalization {
 public:
  static absl::StatusOr<std::unique_ptr<LocalResponseNormalization>> Create(
      const LocalResponseNormalizationShape& shape, DataType type,
      bool training);
  virtual ~LocalResponseNormalization() = default;

  // input, output: `type`, NHWC, not the same array. Training keeps what
  // Backward needs.
  virtual void Forward(const void* input, void* output) = 0;
  // After Forward in training, with the same input; overwrites grad_input.
  virtual void Backward(const void* input, const void* grad_output,
                        void* grad_input) = 0;

  // Which oneDNN implementation runs each pass, for benchmarks and reports:
  // "forward lrn_jit:avx512_core, backward ...".
  virtual std::string Implementations() const = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_LOCAL_RESPONSE_NORMALIZATION_H_
