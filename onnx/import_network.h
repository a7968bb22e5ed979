// From an ONNX model to a network of this project, so that anyone's trained
// network is a starting point for quantization.
//
// Of ONNX's operators, opset 7 to 25, those that convolutional networks are
// made of (import_operators.h lists them). ONNX stores images as NCHW and
// weights as OIHW; here they are NHWC and OHWI, and a linear layer behind a
// flattened image has its columns in that order. A last Softmax is left out:
// a network's output are logits. A layer that a multiplication by, or an
// addition of, values for each channel follows takes them in.
#ifndef TRITLAB_ONNX_IMPORT_NETWORK_H_
#define TRITLAB_ONNX_IMPORT_NETWORK_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/graph.pb.h"
#include "onnx/onnx.pb.h"

namespace tritlab {

struct ImportOptions {
  // Which of the model's values are the logits; its only output when empty.
  // What does not lead there is not looked at.
  std::string output = {};
  // The image's extents where the model leaves them open.
  int64_t height = 0;
  int64_t width = 0;
  // Values that all layers together may have.
  int64_t most_values = int64_t{1} << 36;
};

struct ImportedNetwork {
  Graph graph;
  // By the names of models/parameters.h: what a checkpoint holds.
  std::map<std::string, std::vector<float>> tensors;
  // What of the model has no place in the network, one sentence each.
  std::vector<std::string> notes;
};

// InvalidArgument when the model cannot be this project's; the message lists
// every node that is in the way, and why, in one line. ResourceExhausted when
// its weights do not fit into memory.
absl::StatusOr<ImportedNetwork> ImportNetwork(const onnx::ModelProto& model,
                                              const ImportOptions& options);

}  // namespace tritlab

#endif  // TRITLAB_ONNX_IMPORT_NETWORK_H_
