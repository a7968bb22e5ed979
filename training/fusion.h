// Which nodes of a network are computed together, as one operator.
#ifndef TRITLAB_TRAINING_FUSION_H_
#define TRITLAB_TRAINING_FUSION_H_

#include <vector>

#include "models/graph.pb.h"
#include "models/shape_inference.h"

namespace tritlab {

// Indices into the graph. Everything but `first` is -1 where there is none.
struct FusedNodes {
  int first = 0;
  // Behind a batch normalization: adds the last of `inputs`.
  int add = -1;
  int relu = -1;            // the last one
  std::vector<int> inputs;  // the nodes whose outputs the operator reads

  // The node whose output is the operator's.
  int output() const { return relu >= 0 ? relu : add >= 0 ? add : first; }
};

// All nodes but the input, in an order of execution. A ReLU that alone reads a
// batch normalization or an addition is computed with it. In training, so is a
// batch normalization that only such an addition reads, in the addition's
// place; inference shows its observers what is added.
std::vector<FusedNodes> FuseNodes(const Graph& graph, const ShapedGraph& shaped,
                                  bool training);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_FUSION_H_
