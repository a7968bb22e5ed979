// Classifiers on intermediate outputs that a network has in training only, as
// GoogLeNet's (Szegedy et al. 2015, section 5). With w[h] a head's loss_weight,
// training lowers
//
//   loss = CE(logits) + sum_h w[h] * CE(logits of head h)
//
// so that layers far from the end receive more gradient. Graph::nodes is the
// network without them, and all that is derived from a network goes by it;
// training alone goes by the graph of WithTrainingHeads.
#ifndef TRITLAB_MODELS_TRAINING_HEADS_H_
#define TRITLAB_MODELS_TRAINING_HEADS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "models/graph.pb.h"

namespace tritlab {

// The graph's nodes, each where it was, and behind them those of its heads, in
// their order. The result is a graph without heads, whose last node is not the
// network's output. InferShapes' errors; InvalidArgument, naming the graph and
// the head, counted from 1, when a head is empty, its output is not of the
// shape of the network's, or its loss_weight is not a positive number.
absl::StatusOr<Graph> WithTrainingHeads(const Graph& graph);

// Among the nodes of WithTrainingHeads(graph), those whose outputs are the
// heads' logits, [head].
std::vector<int> TrainingHeadOutputs(const Graph& graph);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_TRAINING_HEADS_H_
