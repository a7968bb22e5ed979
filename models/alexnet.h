// AlexNet (Krizhevsky et al. 2012), in two variants. The TTQ paper's: batch
// normalization after every layer but the classifier, no dropout, no local
// response normalization, no groups. The original as Caffe's bvlc_alexnet has
// it: local response normalization, groups, dropout.
//
// Node names: "conv1", ("bn1",) "relu1", ("norm1",) "pool1", "conv2", ...,
// "relu5", "pool5", "fc6", ("bn6",) "relu6", ("drop6",) "fc7", ("bn7",)
// "relu7", ("drop7",) and "fc8".
#ifndef TRITLAB_MODELS_ALEXNET_H_
#define TRITLAB_MODELS_ALEXNET_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "models/graph.pb.h"
#include "models/model.pb.h"

namespace tritlab {

// InvalidArgument when the image is smaller than 63 pixels a side, or width is
// impossible for the variant.
absl::StatusOr<Graph> BuildAlexNet(const AlexNetSpec& spec,
                                   const InputOperator& image, int64_t classes);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_ALEXNET_H_
