#include "models/training_heads.h"

#include <cmath>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "models/shape_inference.h"

namespace tritlab {

absl::StatusOr<Graph> WithTrainingHeads(const Graph& graph) {
  const auto error = [&](size_t head, absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(
        "graph \"", graph.name(), "\", training head ", head + 1, ": ", what));
  };
  // Heads alone might be a graph.
  RETURN_IF_ERROR(InferShapes(graph, /*batch=*/1).status());
  Graph whole = graph;
  whole.clear_training_heads();
  for (int h = 0; h < graph.training_heads_size(); ++h) {
    const TrainingHead& head = graph.training_heads(h);
    if (head.nodes().empty()) return error(h, "it has no nodes");
    if (!(head.loss_weight() > 0) || !std::isfinite(head.loss_weight())) {
      return error(h, absl::StrCat("its loss_weight is ", head.loss_weight(),
                                   "; it must be above 0"));
    }
    whole.mutable_nodes()->MergeFrom(head.nodes());
  }
  ASSIGN_OR_RETURN(const ShapedGraph shaped, InferShapes(whole, /*batch=*/1));
  const Shape& logits = shaped.shapes[graph.nodes_size() - 1];
  const std::vector<int> outputs = TrainingHeadOutputs(graph);
  for (size_t h = 0; h < outputs.size(); ++h) {
    const Shape& output = shaped.shapes[outputs[h]];
    if (output == logits) continue;
    return error(h, absl::StrCat("it gives ", ToString(output),
                                 "; the network gives ", ToString(logits)));
  }
  return whole;
}

std::vector<int> TrainingHeadOutputs(const Graph& graph) {
  std::vector<int> outputs;
  int nodes = graph.nodes_size();
  for (const TrainingHead& head : graph.training_heads()) {
    nodes += head.nodes_size();
    outputs.push_back(nodes - 1);
  }
  return outputs;
}

}  // namespace tritlab
