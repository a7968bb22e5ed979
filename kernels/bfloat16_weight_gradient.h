// Internal to kernels/: the weights' gradient of a convolution of bf16 by
// AVX-512's vdpbf16ps, which multiplies 32 pairs of bf16 at once and adds each
// two of them up to one of 16 sums in f32.
//
//   grad_weights[o][i][j][c] = sum over n, y, x of grad_output[n][y][x][o]
//       * input[n][y * stride + i - padding][x * stride + j - padding][c]
//
// A vector of sums is 16 output channels of one input channel and one kernel
// column. What vdpbf16ps adds up are two neighbouring pixels: so the gradient
// is rewritten by pairs of pixels, and the input by channels, where any two
// neighbours are 32 bits to spread. Sums stay in registers over some rows of
// the images, whose rewritten parts stay in the first-level cache meanwhile.
// The products of vdpbf16ps lose what is below f32's normal numbers.
//
// Each thread takes a share of the batch's rows; shares are added up in their
// order, so that the bits depend on the number of threads, and on nothing else.
#ifndef TRITLAB_KERNELS_BFLOAT16_WEIGHT_GRADIENT_H_
#define TRITLAB_KERNELS_BFLOAT16_WEIGHT_GRADIENT_H_

#include <memory>
#include <span>

#include "kernels/bfloat16.h"
#include "kernels/convolution_shape.h"

namespace tritlab {

class BFloat16WeightGradient {
 public:
  // Null where oneDNN's pass is to be taken: without AVX512-BF16 or with AMX;
  // for kernels that are not three columns wide, strides beyond 2, groups,
  // fewer than 8 input channels; and for so many channels and threads that the
  // threads' sums take more than 64 MB. For the number of threads at this
  // moment.
  static std::unique_ptr<BFloat16WeightGradient> Create(
      const ConvolutionShape& shape);
  virtual ~BFloat16WeightGradient() = default;

  // input, grad_output: NHWC; grad_weights: OHWI, overwritten.
  virtual void Run(const BFloat16* input, const BFloat16* grad_output,
                   std::span<float> grad_weights) = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_BFLOAT16_WEIGHT_GRADIENT_H_
