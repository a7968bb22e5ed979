// A convolution of floats of which every bit is known: sums are taken in one
// order, by rounded products and rounded sums of f32, on every processor and
// with any number of threads.
//
//   sum    = 0
//   sum    = sum + input * weight   by kernel row, kernel column, input channel
//   output = sum * scales[o] + biases[o]
//
// What lies beyond the border is left out. kernels/convolution.h is faster, but
// its sums have an order of their own on every processor: this one is for the
// few layers of an integer program that are computed in f32.
// kernels/reference/ordered_convolution.h computes the same bits in plain
// loops.
#ifndef TRITLAB_KERNELS_ORDERED_CONVOLUTION_H_
#define TRITLAB_KERNELS_ORDERED_CONVOLUTION_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/convolution_shape.h"

namespace tritlab {

class OrderedConvolution {
 public:
  // weights: OHWI. scales, biases: one an output channel. shape.bias is not
  // looked at. InvalidArgument when the shape is impossible or a length does
  // not fit it.
  static absl::StatusOr<std::unique_ptr<OrderedConvolution>> Create(
      const ConvolutionShape& shape, std::span<const float> weights,
      std::span<const float> scales, std::span<const float> biases);

  // NHWC; the arrays may not overlap.
  void Run(const float* input, float* output) const;

  // What the weights take in memory.
  int64_t weight_bytes() const {
    return static_cast<int64_t>(weights_.size() * sizeof(float));
  }

 private:
  explicit OrderedConvolution(const ConvolutionShape& shape) : shape_(shape) {}

  const ConvolutionShape shape_;
  // [group][block of output channels][kernel row][kernel column][input channel]
  // [output channel of the block], 0 where a block is not full.
  std::vector<float> weights_;
  std::vector<float> scales_, biases_;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_ORDERED_CONVOLUTION_H_
