// A convolution of bytes, its sums scaled to bytes again.
//
//   sum    = sum over the window of input * weights       (s32, exact)
//   value  = sum * scales[o] + biases[o]                  (f32)
//   value += residual_scale * residual                    (if there is one)
//   value  = max(value, 0)                                (with relu)
//   output = value, rounded to nearest (ties to even) and saturated
//
// Scales and biases are in steps of the output. Each of these operations rounds
// to f32 for itself, save for the residual's product and sum, which round once
// (fused); kernels/integer/reference/s8_convolution.h computes the same bits in
// plain loops.
#ifndef TRITLAB_KERNELS_INTEGER_S8_CONVOLUTION_H_
#define TRITLAB_KERNELS_INTEGER_S8_CONVOLUTION_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "kernels/convolution_shape.h"

namespace tritlab {

enum class ByteType { kU8, kS8 };

class S8Convolution {
 public:
  struct Options {
    ByteType input = ByteType::kU8;
    ByteType output = ByteType::kU8;
    bool relu = false;
    // Not 0: the output array holds a residual when Run begins, which is
    // replaced by the result.
    float residual_scale = 0;
    ByteType residual = ByteType::kU8;
    // The output, and a residual, are f32 values instead, not rounded.
    bool values = false;
    // Weights of few different values lie in memory at 2 or 4 bits each
    // (resident_weights.h). Run unpacks them into a block that the thread's
    // layers share.
    bool packed = false;
  };

  // Which give the same bits.
  enum class Implementation {
    kFastest,  // of those below, for this shape on this processor
    kOneDnn,   // with exact sums only where HasExactByteProducts()
    kVnni,     // vnni_convolution.h, where weights are never packed
    kWidened,  // widened_convolution.h
  };

  // weights: OHWI. scales, biases: one an output channel. shape.bias is not
  // looked at. InvalidArgument when a length does not fit the shape, or sums
  // might not fit 32 bits;
  // Unimplemented when the implementation asked for cannot do it.
  static absl::StatusOr<std::unique_ptr<S8Convolution>> Create(
      const ConvolutionShape& shape, const Options& options,
      std::span<const int8_t> weights, std::span<const float> scales,
      std::span<const float> biases,
      Implementation implementation = Implementation::kFastest);
  virtual ~S8Convolution() = default;

  // NHWC; the arrays may not overlap.
  virtual void Run(const void* input, void* output) = 0;

  // What the weights take in memory between two runs.
  virtual int64_t weight_bytes() const = 0;
  // Which code runs it.
  virtual std::string Implementations() const = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_S8_CONVOLUTION_H_
