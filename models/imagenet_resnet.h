// ResNets for photographs (He et al. 2015, table 1): a stem, four stages of
// basic or bottleneck blocks, global average pooling and a classifier.
// Shortcuts that change the shape are 1x1 convolutions (option B).
//
// Node names: "conv1", "bn1", "relu1", "pool1"; of block 2 of stage 3
// "stage3/block2/conv1", "/bn1", "/relu1", "/conv2", "/bn2" (bottlenecks go on
// with "/relu2", "/conv3", "/bn3"), where the shape changes "/shortcut_conv"
// and "/shortcut_bn", then "/add" and "/relu"; "pool" and "fc".
#ifndef TRITLAB_MODELS_IMAGENET_RESNET_H_
#define TRITLAB_MODELS_IMAGENET_RESNET_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "models/graph.pb.h"
#include "models/model.pb.h"

namespace tritlab {

// InvalidArgument, naming the field, for a depth other than 18, 34 and 50 or an
// impossible width.
absl::StatusOr<Graph> BuildImageNetResNet(const ImageNetResNetSpec& spec,
                                          const InputOperator& image,
                                          int64_t classes);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_IMAGENET_RESNET_H_
