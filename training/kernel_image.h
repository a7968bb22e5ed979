// A picture of a convolution's kernels, for TensorBoard.
#ifndef TRITLAB_TRAINING_KERNEL_IMAGE_H_
#define TRITLAB_TRAINING_KERNEL_IMAGE_H_

#include <span>
#include <string>

#include "models/graph.pb.h"

namespace tritlab {

struct KernelImage {
  int height = 0;  // in pixels
  int width = 0;
  std::string jpeg;  // grey
};

// The first kernels of `weights` (OHWI, as many as the convolution has with
// `inputs` input channels of a group): a row for each filter, in it a kernel
// for each input channel, at most 512 pixels a side where a kernel allows it.
// Zero is mid-grey, the largest magnitude of all weights almost white where
// positive and almost black where negative; white lines part the kernels. A
// weight is a square of 8 pixels, one block of a JPEG, which keeps it exact to
// the quantization of its mean and a picture within a few kilobytes.
KernelImage DrawKernelImage(const ConvolutionOperator& convolution, int inputs,
                            std::span<const float> weights);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_KERNEL_IMAGE_H_
