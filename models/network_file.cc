#include "models/network_file.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "models/parameters.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

absl::StatusOr<std::string> PathOf(const NetworkFileSpec& spec) {
  if (!spec.path().empty()) return FromWorkingDirectory(spec.path());
  return absl::InvalidArgumentError(
      "model.network_file.path is empty; name a checkpoint");
}

}  // namespace

absl::StatusOr<Graph> BuildFromFile(const NetworkFileSpec& spec,
                                    const InputOperator& image,
                                    int64_t classes) {
  ASSIGN_OR_RETURN(const std::string path, PathOf(spec));
  ASSIGN_OR_RETURN(Graph graph, ReadCheckpointGraph(path));
  // A checkpoint holds whole graphs only, but this one may have come from
  // anywhere.
  if (graph.nodes_size() < 2 || !graph.nodes(0).has_input()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": it holds no network"));
  }
  graph.clear_training_heads();
  InputOperator& input = *graph.mutable_nodes(0)->mutable_input();
  if (input.channels() != image.channels()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": its network is for images of ", input.channels(),
                     " channels, not ", image.channels()));
  }
  input.set_height(image.height());
  input.set_width(image.width());
  Node& last = *graph.mutable_nodes(graph.nodes_size() - 1);
  if (last.has_linear()) last.mutable_linear()->set_out_features(classes);
  const auto shaped = InferShapes(graph, /*batch=*/1);
  if (!shaped.ok()) return WithPrefix(path, shaped.status());
  if (shaped->shapes.back().image_size() != classes) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": its network gives ", ToString(shaped->shapes.back()),
        " values where there are ", classes, " classes"));
  }
  return graph;
}

absl::StatusOr<uint32_t> NetworkFileChecksum(const NetworkFileSpec& spec) {
  ASSIGN_OR_RETURN(const std::string path, PathOf(spec));
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  return Crc32c(bytes);
}

absl::StatusOr<Checkpoint> WeightsFromFile(const NetworkFileSpec& spec,
                                           const Graph& graph, uint64_t seed) {
  ASSIGN_OR_RETURN(const std::string path, PathOf(spec));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, ReadCheckpoint(path));
  const Node& last = graph.nodes(graph.nodes_size() - 1);
  const Graph& stored = checkpoint.graph;
  const bool has_other_classes =
      stored.nodes_size() > 0 &&
      stored.nodes(stored.nodes_size() - 1).linear().out_features() !=
          last.linear().out_features();
  ASSIGN_OR_RETURN(Parameters parameters, InitialParameters(graph, seed));
  Checkpoint start;
  start.graph = graph;
  for (ParameterTensor& tensor : parameters.tensors) {
    const bool drawn =
        has_other_classes && absl::StartsWith(tensor.name, last.name() + "/");
    if (!drawn) {
      const absl::Status status =
          CopyTensor(checkpoint, tensor.name, tensor.values);
      if (!status.ok()) return WithPrefix(path, status);
    }
    start.tensors[tensor.name] = std::move(tensor.values);
  }
  return start;
}

}  // namespace tritlab
