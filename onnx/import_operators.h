// The ONNX operators that can be imported, by floor of a network.
#ifndef TRITLAB_ONNX_IMPORT_OPERATORS_H_
#define TRITLAB_ONNX_IMPORT_OPERATORS_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "onnx/import_context.h"

namespace tritlab {

// Gives the node's first output a value. Unimplemented when the node is right
// but not what this project's networks can do; InvalidArgument when it is
// wrong; ResourceExhausted when its weights would not fit into memory.
using OperatorImporter = absl::Status (*)(const ImportedNode& node);
using OperatorImporters = std::map<std::string, OperatorImporter>;

// Conv, Gemm, MatMul, BatchNormalization.
OperatorImporters LayerImporters();
// Relu, Clip, Add, Sum, Sub, Mul, Div, Concat, Dropout, LRN, Softmax,
// LogSoftmax.
OperatorImporters ElementwiseImporters();
// MaxPool, AveragePool, GlobalMaxPool, GlobalAveragePool, ReduceMean.
OperatorImporters PoolingImporters();
// Identity, Flatten, Reshape, Squeeze, Unsqueeze, Pad, Cast, Transpose.
OperatorImporters ReshapingImporters();
// Constant, ConstantOfShape, Shape, Gather, Slice: what shapes are computed
// with.
OperatorImporters ConstantImporters();

}  // namespace tritlab

#endif  // TRITLAB_ONNX_IMPORT_OPERATORS_H_
