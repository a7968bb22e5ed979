// Internal to kernels/: a convolution of images so small that many taps lie
// outside of them, as one product of matrices,
//
//   [batch][in_pixels * in_channels] times
//   [in_pixels * in_channels][out_pixels * out_channels],
//
// whose second factor has each weight wherever an output pixel meets an input
// pixel. No product with what lies outside is computed: 4 of 9 taps are left
// for 3x3 kernels on images of 2x2, the last ones of a ResNet on 64x64 pixels.
#ifndef TRITLAB_KERNELS_SMALL_IMAGE_CONVOLUTION_H_
#define TRITLAB_KERNELS_SMALL_IMAGE_CONVOLUTION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "kernels/convolution.h"

namespace tritlab {

// Whether it is taken: it computes no more products than there are taps, and
// the matrix is at most four times as large as the weights.
bool IsOfSmallImages(const ConvolutionShape& shape);

// Of a valid shape that IsOfSmallImages.
absl::StatusOr<std::unique_ptr<Convolution>> CreateSmallImageConvolution(
    const ConvolutionShape& shape, DataType type, Convolution::Use use);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_SMALL_IMAGE_CONVOLUTION_H_
