// VGGs: the 16 layers of Simonyan and Zisserman 2014 (configuration D), and the
// small one of CIFAR.
//
// VGG-16; node names: "conv1_1", ("bn1_1",) "relu1_1", "conv1_2", ...,
// "pool1", ..., "pool5", then "fc6", ("bn6",) "relu6", ("drop6",) "fc7",
// ("bn7",) "relu7", ("drop7",) and "fc8".
//
// The small VGG that quantized networks are compared with on CIFAR: Li et al.
// 2016 (Ternary Weight Networks), section 3, there named VGG-7. Three times two
// 3x3 convolutions and a 2x2 max pooling, then a hidden linear layer and the
// classifier; all but the classifier are batch-normalized, before their ReLU.
// Node names: "conv1", "bn1", "relu1", "conv2", "bn2", "relu2", "pool1", ...,
// "pool3", then "fc1", "bn7", "relu7" and "fc2".
#ifndef TRITLAB_MODELS_VGG_H_
#define TRITLAB_MODELS_VGG_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "models/graph.pb.h"
#include "models/model.pb.h"

namespace tritlab {

// InvalidArgument, naming what is wrong, when a side of the image is not a
// multiple of 8 or width is not positive.
absl::StatusOr<Graph> BuildVggSmall(const VggSmallSpec& spec,
                                    const InputOperator& image,
                                    int64_t classes);

// Likewise when a side is not a multiple of 32.
absl::StatusOr<Graph> BuildVgg16(const Vgg16Spec& spec,
                                 const InputOperator& image, int64_t classes);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_VGG_H_
