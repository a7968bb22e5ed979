// From a network of this project to an ONNX model (opset 13), in full
// precision: one ONNX operator a node, under the node's name.
//
// The input is what the network reads: normalized images, f32, as batch,
// channels, height, width. The output, "logits", is batch, classes.
#ifndef TRITLAB_ONNX_EXPORT_NETWORK_H_
#define TRITLAB_ONNX_EXPORT_NETWORK_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "inference/packed_model.h"
#include "models/checkpoint.h"
#include "models/graph.pb.h"
#include "onnx/onnx.pb.h"

namespace tritlab {

struct NetworkToExport {
  Graph graph;
  // By the names of models/parameters.h.
  std::map<std::string, std::vector<float>> tensors;
  // Goes into the file's metadata: "mean", "deviation", "classes", ...
  std::map<std::string, std::string> notes;
};

// The values that a packed model stands for. InvalidArgument, naming the
// tensor, when its codes are damaged; Unimplemented when it computes more than
// its graph says: its layers quantize what they read.
absl::StatusOr<NetworkToExport> NetworkOf(const PackedModel& model);
// A checkpoint's weights in full precision. Unimplemented when its layers
// quantize what they read. (Of DoReFa's, it says so once their phase has been
// trained to its end.)
absl::StatusOr<NetworkToExport> NetworkOf(Checkpoint checkpoint);

// How images become the network's input, and the names of what it tells apart:
// what ONNX has no place for.
std::map<std::string, std::string> NotesOf(const PackedModelDescription& model);

// InvalidArgument, naming the node or the tensor, when the network is none or
// lacks a tensor.
absl::StatusOr<onnx::ModelProto> ExportNetwork(const NetworkToExport& network);

}  // namespace tritlab

#endif  // TRITLAB_ONNX_EXPORT_NETWORK_H_
