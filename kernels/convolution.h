// 2-D convolution, forward and backward (f32 or bf16, accumulated in f32): over
// oneDNN, but for what is faster without it.
//
//   output[n][y][x][o] = bias[o]
//       + sum over i, j, c of weights[o][i][j][c]
//             * input[n][y * stride + i - padding][x * stride + j - padding][c]
//
// with c running over the input channels of o's group; outside the image, input
// is 0. Weights and bias are given in f32; the products are of values in
// `type`.
#ifndef TRITLAB_KERNELS_CONVOLUTION_H_
#define TRITLAB_KERNELS_CONVOLUTION_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "kernels/convolution_shape.h"
#include "kernels/tensor.h"

namespace tritlab {

class Convolution {
 public:
  // What the object will be asked to do; less asked for is less memory and less
  // work.
  struct Use {
    bool training = false;        // BackwardWeights will be called
    bool input_gradient = false;  // BackwardInput will be called
  };

  // Errors name the shape: InvalidArgument when it is not valid,
  // ResourceExhausted without the memory, Unimplemented where the library has
  // no implementation.
  static absl::StatusOr<std::unique_ptr<Convolution>> Create(
      const ConvolutionShape& shape, DataType type, Use use);
  virtual ~Convolution() = default;

  // Takes over new weights (f32, OHWI) and bias (empty without one), reordered
  // to what each pass asks for.
  virtual void SetWeights(std::span<const float> weights,
                          std::span<const float> bias) = 0;
  // input, output: `type`, NHWC; no array may overlap another.
  virtual void Forward(const void* input, void* output) = 0;
  // Overwrites grad_input with dL/dinput, from the weights set last.
  virtual void BackwardInput(const void* grad_output, void* grad_input) = 0;
  // Overwrites dL/dweights (f32, OHWI) and, with a bias, dL/dbias.
  virtual void BackwardWeights(const void* input, const void* grad_output,
                               std::span<float> grad_weights,
                               std::span<float> grad_bias) = 0;

  // Which implementation, oneDNN's or ours, runs each pass, for benchmarks:
  // "forward brgconv:avx512_core, backward input ...".
  virtual std::string Implementations() const = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_CONVOLUTION_H_
