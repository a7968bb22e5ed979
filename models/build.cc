#include "models/build.h"

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "models/resnet.h"
#include "models/shape_inference.h"
#include "models/vgg.h"

namespace tritlab {

absl::StatusOr<Graph> BuildGraph(const ModelSpec& spec,
                                 const InputOperator& image, int64_t classes) {
  Graph graph;
  switch (spec.architecture_case()) {
    case ModelSpec::kCifarResnet: {
      ASSIGN_OR_RETURN(graph,
                       BuildCifarResNet(spec.cifar_resnet(), image, classes));
      break;
    }
    case ModelSpec::kVggSmall: {
      ASSIGN_OR_RETURN(graph, BuildVggSmall(spec.vgg_small(), image, classes));
      break;
    }
    case ModelSpec::ARCHITECTURE_NOT_SET:
      return absl::InvalidArgumentError(
          "model names no architecture; set model.cifar_resnet or "
          "model.vgg_small");
  }
  RETURN_IF_ERROR(InferShapes(graph, /*batch=*/1).status());
  return graph;
}

}  // namespace tritlab
