// How much of a convolution's arithmetic is on values that are not 0, counted
// exactly: of its multiply-adds, those whose weight and activation are both not
// 0.
//
// An activation takes part in as many such multiply-adds as there are weights
// that are not 0 at the kernel's positions that reach it. So the activations
// need to be counted only by place, in one pass over them whatever the weights
// are, and are brought together with the weights at the end:
//
//   sum over y, x, c of  nonzeros[y][x][c]
//       * sum over the (i, j) that reach (y, x) of
//             the number of o with weights[o][i][j][c] != 0
//
// with o running over the output channels of c's group. Padding is zeros. A
// linear layer is the convolution of an image of 1x1.
#ifndef TRITLAB_KERNELS_NONZERO_PRODUCTS_H_
#define TRITLAB_KERNELS_NONZERO_PRODUCTS_H_

#include <cstdint>
#include <span>

#include "kernels/convolution_shape.h"
#include "kernels/tensor.h"

namespace tritlab {

// Adds to nonzeros[k] the number of those images whose k-th value is not 0 (-0
// is 0, NaN is not). values: of `type`, an image after the other,
// nonzeros.size() of each. images: which of them, counted from 0.
void CountNonzeros(DataType type, const void* values,
                   std::span<const int64_t> images,
                   std::span<int32_t> nonzeros);

// For the images that `nonzeros` ([height][width][channels] of the input) was
// counted over. weights: OHWI. The shape's batch is not looked at.
int64_t NonzeroProducts(const ConvolutionShape& shape,
                        std::span<const float> weights,
                        std::span<const int32_t> nonzeros);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_NONZERO_PRODUCTS_H_
