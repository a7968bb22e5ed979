// Where the quantizers of activations and gradients stand in a compiled graph:
// an operator in front of the layer that reads the activations, and one around
// the layer whose output receives the gradient. What quantizers give is rounded
// to the program's type (quant/activation_quantizer.h and dorefa_gradients.h
// say what that leaves of it).
#ifndef TRITLAB_TRAINING_QUANTIZED_OPERATOR_H_
#define TRITLAB_TRAINING_QUANTIZED_OPERATOR_H_

#include <cstdint>
#include <memory>

#include "kernels/tensor.h"
#include "quant/activation_quantizer.h"
#include "quant/dorefa_gradients.h"
#include "training/operator.h"

namespace tritlab {

// output = quantizer(input). The backward pass sets the gradient of the
// quantizer's parameter. The quantizer must outlive the operator.
std::unique_ptr<Operator> MakeActivationStep(DataType type, int64_t elements,
                                             ActivationQuantizer& quantizer);

// `layer`, whose backward pass reads quantizer(gradient of its output), of
// shape `output`. The quantizer must outlive the operator.
std::unique_ptr<Operator> WithQuantizedGradient(
    std::unique_ptr<Operator> layer, DataType type, const Shape& output,
    const DorefaGradients& quantizer);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_QUANTIZED_OPERATOR_H_
