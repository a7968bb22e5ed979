// From a spec to the graph of the network it names.
#ifndef TRITLAB_MODELS_BUILD_H_
#define TRITLAB_MODELS_BUILD_H_

#include "absl/status/statusor.h"
#include "models/graph.pb.h"
#include "models/model.pb.h"

namespace tritlab {

// The result has passed shape inference, with its training heads.
// InvalidArgument, naming the field, when the spec is impossible.
absl::StatusOr<Graph> BuildGraph(const ModelSpec& spec,
                                 const InputOperator& image, int64_t classes);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_BUILD_H_
