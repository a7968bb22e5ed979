// What both exports say of a network in ONNX's terms: its operators without
// their weights.
#ifndef TRITLAB_ONNX_EXPORT_OPERATORS_H_
#define TRITLAB_ONNX_EXPORT_OPERATORS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "models/graph.pb.h"
#include "models/shape_inference.h"
#include "onnx/model_builder.h"

namespace tritlab {

// Appends the node of a Conv, with all attributes.
std::string AppendConv(const ConvolutionShape& shape, const std::string& name,
                       const std::vector<std::string>& inputs,
                       ModelBuilder& builder);

// Appends a Gemm of what `input` becomes flattened; `weights` are
// [features][inputs].
std::string AppendGemm(const std::string& name, const std::string& input,
                       const std::string& weights, const std::string& bias,
                       ModelBuilder& builder);

// Appends a node that has no weights: anything but the input, convolutions,
// linear layers and batch normalizations.
std::string AppendWithoutWeights(const Node& node, const Shape& input_shape,
                                 const std::vector<std::string>& inputs,
                                 ModelBuilder& builder);

// `wanted`, or something like it that no node is named.
std::string UnusedName(const Graph& graph, absl::string_view wanted);

// Appends the model's input, an image of any batch.
std::string AppendImage(const Graph& graph, ModelBuilder& builder);

// Appends what makes the last node's value, `last`, the model's output.
void AppendLogits(const Graph& graph, const Shape& shape,
                  const std::string& last, ModelBuilder& builder);

}  // namespace tritlab

#endif  // TRITLAB_ONNX_EXPORT_OPERATORS_H_
