// A packed network as a program over bytes: activations of 8 bits, weights of
// signed bytes, sums of 32 bits.
//
// Batch normalization is folded into the scale and the bias of the layer before
// it, or, where it follows an addition, is a pass of its own; a ReLU is folded
// into the same layer's saturation at 0, and a residual addition
// into the layer that is added last, both operands rescaled to the sum's steps.
// Biases are whole steps of one product of bytes (BiasSteps), as they are in
// ONNX's int8 format (onnx/export_quantized.h), with Options::exact as well.
// First and last layers are bytes, too. A pixel is looked up: normalized, then
// rounded to signed bytes that cover what normalization allows. The last linear
// layer's sums become logits in f32. Where the model says so (first_and_last),
// these two layers are computed in f32 instead: the first one from the
// normalized image as it is, its result rounded to bytes; the last one from
// bytes as floats.
//
// The reference program computes the same steps in plain loops, and the same
// bits: everything but the order of exact integer sums is fixed, and in f32
// that order as well (kernels/ordered_convolution.h).
#ifndef TRITLAB_INFERENCE_INTEGER_PROGRAM_H_
#define TRITLAB_INFERENCE_INTEGER_PROGRAM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "inference/packed_model.h"
#include "kernels/tensor.h"

namespace tritlab {

class IntegerProgram {
 public:
  struct Options {
    int64_t batch = 1;
    bool reference = false;  // plain loops
    // Images that go through the network together, so that what lies between
    // two layers stays in the cache; 0: as many as do. Changes no bit.
    int64_t part = 0;
    // Two products where one of bytes is not exact (ExactBytesOfCodes): TTQ's
    // two scales, at 2 to 2.4 times the time. Powers of two up to 128 are exact
    // with and without: a layer that one product would clip (NeedsTwoProducts)
    // takes two.
    bool exact = false;
    // Convolutions' weights of at most 4 or 16 values lie in memory at 2 or 4
    // bits each (kernels/integer/packed_byte_array.h). Changes no bit of a
    // result.
    bool packed = true;
  };

  // The model is read here and not needed afterwards. Unimplemented, naming the
  // node, for what has no integer form yet; InvalidArgument when the model
  // lacks a tensor or a node's range; DataLoss when its file was cut off since;
  // ResourceExhausted when there is not the memory. For as many threads as
  // there are at this moment; or for one, where a few images of a small network
  // are measured to be faster with it, which changes no bit.
  static absl::StatusOr<std::unique_ptr<IntegerProgram>> Create(
      const PackedModel& model, const Options& options);
  virtual ~IntegerProgram() = default;

  // pixels: 0 to 255, NHWC, options.batch images. logits: [batch][classes],
  // f32. One call at a time.
  virtual void Run(const uint8_t* pixels, float* logits) = 0;

  virtual int64_t batch() const = 0;
  virtual int64_t classes() const = 0;
  virtual Shape image() const = 0;
  // The largest error of quantized weights as bytes (byte_weights.h), as a
  // share of their channel's largest.
  virtual double weight_error() const = 0;
  // What weights take in memory: a byte each, but for those that stay packed
  // (linear_product.h, Options::packed).
  virtual int64_t weight_bytes() const = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_INTEGER_PROGRAM_H_
