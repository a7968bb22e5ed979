// What the activations that a layer reads may be.
//
// One object serves one layer. Values come as spans of any length, in any
// order: each is quantized for itself.
#ifndef TRITLAB_QUANT_ACTIVATION_QUANTIZER_H_
#define TRITLAB_QUANT_ACTIVATION_QUANTIZER_H_

#include <span>

#include "quant/quantizer.h"

namespace tritlab {

class ActivationQuantizer {
 public:
  virtual ~ActivationQuantizer() = default;

  // Quantized values are step() * 0, 1, ..., 2^bits() - 1. A program in bf16
  // rounds them to 8 significant bits: as many values are left but of PACT with
  // 8 bits, whose upper levels come together (with alpha = 6, 235 of 256 are
  // left).
  virtual int bits() const = 0;
  virtual float step() const = 0;

  // quantized[i] = q(values[i]). The spans may be the same memory. May be
  // called from several threads at once, as may Backward.
  virtual void Quantize(std::span<const float> values,
                        std::span<float> quantized) const = 0;
  // dL/dvalues from dL/dquantized; grad_values may be grad_quantized. Returns
  // what these values add to the gradient of the parameter; 0 without one.
  virtual double Backward(std::span<const float> values,
                          std::span<const float> grad_quantized,
                          std::span<float> grad_values) const = 0;

  // PACT: alpha. Values and gradients are the optimizer's to read and write.
  virtual std::span<QuantizerParameter> parameters() { return {}; }
};

}  // namespace tritlab

#endif  // TRITLAB_QUANT_ACTIVATION_QUANTIZER_H_
