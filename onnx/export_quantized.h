// From a packed model to an ONNX model over bytes (opset 13): weights are int8
// by output channel, activations are bytes with the ranges that the packed
// model has, biases are int32; QuantizeLinear and DequantizeLinear stand where
// a runtime finds its integer kernels ("QDQ").
//
// Bytes lie where IntegerProgram has them (inference/byte_plan.h says where),
// so that results are the same up to rounding: batch normalization is folded
// into the layer before it, a ReLU into a range that begins at 0, and the layer
// whose output is added to a residual is not rounded before the addition.
// Weights and biases are its integers as well (inference/byte_weights.h). A
// layer of INQ with 5 bits that has 128 times its smallest weight reads its
// input twice, so that 64 and 64 stand for 128: as exact as the program, at
// twice the bytes of that layer.
//
// Where the model has its first and last layers in f32 (first_and_last), they
// are here, too: with weights, biases and, of the first, an image that are not
// rounded.
#ifndef TRITLAB_ONNX_EXPORT_QUANTIZED_H_
#define TRITLAB_ONNX_EXPORT_QUANTIZED_H_

#include "absl/status/statusor.h"
#include "inference/packed_model.h"
#include "onnx/onnx.pb.h"

namespace tritlab {

// InvalidArgument, naming the node or the tensor, when the model lacks a
// tensor, a range or the images' normalization; Unimplemented when it says that
// it has no integer form.
absl::StatusOr<onnx::ModelProto> ExportQuantized(const PackedModel& model);

}  // namespace tritlab

#endif  // TRITLAB_ONNX_EXPORT_QUANTIZED_H_
