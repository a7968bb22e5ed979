#include "training/fusion.h"

#include <cstddef>
#include <utility>

namespace tritlab {
namespace {

// The node that alone reads each one's output; -1 where none does, or several.
std::vector<int> OnlyReaders(const ShapedGraph& shaped) {
  std::vector<int> readers(shaped.shapes.size(), 0), reader = readers;
  for (size_t node = 0; node < shaped.inputs.size(); ++node) {
    for (const int input : shaped.inputs[node]) {
      ++readers[input];
      reader[input] = static_cast<int>(node);
    }
  }
  for (size_t node = 0; node < reader.size(); ++node) {
    if (readers[node] != 1) reader[node] = -1;
  }
  return reader;
}

}  // namespace

std::vector<FusedNodes> FuseNodes(const Graph& graph, const ShapedGraph& shaped,
                                  bool training) {
  const std::vector<int> reader = OnlyReaders(shaped);
  const auto normalizes = [&](int node) {
    return graph.nodes(node).has_batch_normalization();
  };
  // The ReLU that is computed with each node.
  const auto relu_of = [&](int node) {
    const bool ends_in_relu =
        (normalizes(node) || graph.nodes(node).has_add()) &&
        reader[node] >= 0 && graph.nodes(reader[node]).has_relu();
    return ends_in_relu ? reader[node] : -1;
  };
  // The batch normalization that is computed with an addition, its first one.
  const auto added_by = [&](int node) {
    if (!training || !graph.nodes(node).has_add() || relu_of(node) < 0)
      return -1;
    for (const int input : shaped.inputs[node]) {
      if (normalizes(input) && reader[input] == node) return input;
    }
    return -1;
  };

  std::vector<FusedNodes> all;
  std::vector<bool> done(graph.nodes_size(), false);
  for (int node = 1; node < graph.nodes_size(); ++node) {
    if (done[node]) continue;
    if (normalizes(node) && reader[node] >= 0 && added_by(reader[node]) == node)
      continue;
    FusedNodes fused = {
        .first = node, .relu = relu_of(node), .inputs = shaped.inputs[node]};
    if (const int added = added_by(node); added >= 0) {
      const std::vector<int>& addends = shaped.inputs[node];
      fused.first = added;
      fused.add = node;
      fused.inputs = shaped.inputs[added];
      fused.inputs.push_back(addends[addends[0] == added ? 1 : 0]);
    }
    if (fused.relu >= 0) done[fused.relu] = true;
    all.push_back(std::move(fused));
  }
  return all;
}

}  // namespace tritlab
