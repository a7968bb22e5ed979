#include "models/build.h"

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "models/alexnet.h"
#include "models/googlenet.h"
#include "models/imagenet_resnet.h"
#include "models/network_file.h"
#include "models/resnet.h"
#include "models/training_heads.h"
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
    case ModelSpec::kImagenetResnet: {
      ASSIGN_OR_RETURN(
          graph, BuildImageNetResNet(spec.imagenet_resnet(), image, classes));
      break;
    }
    case ModelSpec::kAlexnet: {
      ASSIGN_OR_RETURN(graph, BuildAlexNet(spec.alexnet(), image, classes));
      break;
    }
    case ModelSpec::kVgg16: {
      ASSIGN_OR_RETURN(graph, BuildVgg16(spec.vgg16(), image, classes));
      break;
    }
    case ModelSpec::kGooglenet: {
      ASSIGN_OR_RETURN(graph, BuildGoogLeNet(spec.googlenet(), image, classes));
      break;
    }
    case ModelSpec::kNetworkFile: {
      ASSIGN_OR_RETURN(graph,
                       BuildFromFile(spec.network_file(), image, classes));
      break;
    }
    case ModelSpec::ARCHITECTURE_NOT_SET:
      return absl::InvalidArgumentError(
          "model names no architecture; set one of model.cifar_resnet, "
          "vgg_small, imagenet_resnet, alexnet, vgg16, googlenet and "
          "network_file");
  }
  RETURN_IF_ERROR(WithTrainingHeads(graph).status());
  return graph;
}

}  // namespace tritlab
