// ResNets for small images (He et al. 2015 and 2016); see model.proto for the
// variants.
//
// Node names: "conv1", then "stageS/blockB/conv1", ".../bn1", ".../relu1", ...,
// ".../add", then "pool" and "fc".
#ifndef TRITLAB_MODELS_RESNET_H_
#define TRITLAB_MODELS_RESNET_H_

#include "absl/status/statusor.h"
#include "models/graph.pb.h"
#include "models/model.pb.h"

namespace tritlab {

// InvalidArgument, naming the field, when depth is not 6n + 2 with n >= 1 or
// width is not positive.
absl::StatusOr<Graph> BuildCifarResNet(const CifarResNetSpec& spec,
                                       const InputOperator& image,
                                       int64_t classes);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_RESNET_H_
