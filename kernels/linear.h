// A linear (fully connected) layer, forward and backward, over oneDNN.
//
//   output[n][o] = bias[o] + sum_i input[n][i] * weights[o][i]
//
// input, output and their gradients are `type`; weights, bias and theirs are
// f32.
#ifndef TRITLAB_KERNELS_LINEAR_H_
#define TRITLAB_KERNELS_LINEAR_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "kernels/tensor.h"

namespace tritlab {

// input is [batch][in_features], output [batch][out_features], weights are
// [out_features][in_features].
struct LinearShape {
  int64_t batch = 0;
  int64_t in_features = 0;
  int64_t out_features = 0;

  // InvalidArgument when an extent is not positive.
  absl::Status Validate() const;
};

class Linear {
 public:
  // With training = false only SetWeights and Forward may be called. Errors as
  // Convolution's.
  static absl::StatusOr<std::unique_ptr<Linear>> Create(
      const LinearShape& shape, DataType type, bool training);
  virtual ~Linear() = default;

  virtual void SetWeights(std::span<const float> weights,
                          std::span<const float> bias) = 0;
  virtual void Forward(const void* input, void* output) = 0;
  virtual void BackwardInput(const void* grad_output, void* grad_input) = 0;
  virtual void BackwardWeights(const void* input, const void* grad_output,
                               std::span<float> grad_weights,
                               std::span<float> grad_bias) = 0;

  // Which oneDNN implementation runs each pass, for benchmarks:
  // "forward brgemm:avx512_core, backward input ...".
  virtual std::string Implementations() const = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_LINEAR_H_
