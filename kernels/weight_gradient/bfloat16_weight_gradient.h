// Internal to kernels/: the weights' gradient of a convolution of bf16 by the
// processor's own products of bf16.
//
//   grad_weights[o][i][j][c] = sum over n, y, x of grad_output[n][y][x][o]
//       * input[n][y * stride + i - padding][x * stride + j - padding][c]
//
// Each thread takes a share of the batch's rows; shares are added up in their
// order, so that the bits depend on the number of threads, and on nothing else.
#ifndef TRITLAB_KERNELS_WEIGHT_GRADIENT_BFLOAT16_WEIGHT_GRADIENT_H_
#define TRITLAB_KERNELS_WEIGHT_GRADIENT_BFLOAT16_WEIGHT_GRADIENT_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "kernels/bfloat16.h"
#include "kernels/convolution_shape.h"

namespace tritlab {

// Of all threads.
inline constexpr int64_t kMostSumBytes = 64 << 20;

class BFloat16WeightGradient {
 public:
  // Null where oneDNN's pass is to be taken: without such products, and for the
  // shapes that tile_weight_gradient.h (with AMX) and vector_weight_gradient.h
  // (with AVX512-BF16 alone) leave to it. For the number of threads at this
  // moment.
  static std::unique_ptr<BFloat16WeightGradient> Create(
      const ConvolutionShape& shape);
  virtual ~BFloat16WeightGradient() = default;

  // input, grad_output: NHWC; grad_weights: OHWI, overwritten.
  virtual void Run(const BFloat16* input, const BFloat16* grad_output,
                   std::span<float> grad_weights) = 0;

  // As oneDNN names its implementations: "tritlab:avx512_core_bf16".
  virtual std::string Name() const = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_WEIGHT_GRADIENT_BFLOAT16_WEIGHT_GRADIENT_H_
