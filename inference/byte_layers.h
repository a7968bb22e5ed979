// Internal to inference/integer_program: the steps of convolutions and linear
// layers.
#ifndef TRITLAB_INFERENCE_BYTE_LAYERS_H_
#define TRITLAB_INFERENCE_BYTE_LAYERS_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "inference/byte_program.h"
#include "inference/byte_weights.h"
#include "inference/linear_product.h"
#include "kernels/convolution_shape.h"
#include "kernels/integer/s8_convolution.h"

namespace tritlab {

// A convolution or linear layer (a convolution of one pixel): its result is
// scale[o] * product + shift[o], plus a residual.
struct ByteLayer {
  ConvolutionShape shape;
  // One of these.
  ByteWeights weights = {};
  std::shared_ptr<LinearProduct> product = {};
  std::vector<float> values = {};  // computed in f32, from an input of floats
  std::vector<float> scale = {}, shift = {};
  std::vector<BiasStep> bias_steps = {};  // empty in f32
};

// The same extents of a linear layer.
IntegerLinearShape LinearShapeOf(const ConvolutionShape& shape);

// Rounds the shifts to the integers that an int8 format holds them as
// (BiasSteps), by a thousandth of a step of the output or thereabouts: else a
// few of an image's bytes differ from an export's, and many behind them. For a
// layer that reads steps of `input_step`, whose scale does not hold them yet.
void RoundShifts(float input_step, ByteLayer& layer);

// Computes the layer from one buffer into another, as `options` say; scale and
// shift are in steps of the output. A residual of it lies in the output's
// buffer. Unimplemented where there is no such step; InvalidArgument where a
// scale or a bias is no finite number.
absl::Status AddLayer(const ByteLayer& layer,
                      const S8Convolution::Options& options, int from_buffer,
                      int to_buffer, ByteProgram& program);

// The last layer, linear, of unsigned bytes or of floats: its sums as they are,
// scaled in f32.
absl::Status AddLogits(const ByteLayer& layer, int from_buffer,
                       ByteProgram& program);

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_BYTE_LAYERS_H_
