// GoogLeNet (Szegedy et al. 2015, table 1): a stem, nine inception modules with
// poolings between them, global average pooling and a classifier.
//
// An inception module looks at its input with 1x1, 3x3 and 5x5 convolutions and
// a 3x3 max pooling at once, the larger ones behind a 1x1 reduction, and
// concatenates what they see. Poolings with stride 2 round up, as in Caffe.
//
// Node names: "conv1", ("bn1",) "relu1", "pool1", ("norm1",) "conv2_reduce",
// ..., "conv2", ("bn2",) "relu2", ("norm2",) "pool2"; of module 3a
// "inception3a/conv_1x1", "/conv_3x3_reduce", "/conv_3x3", "/conv_5x5_reduce",
// "/conv_5x5", "/pool", "/conv_pool", each convolution followed by its
// "/bn_..." where there is batch normalization and by its "/relu_...", and
// "inception3a/concat"; "pool3" behind 3b, "pool4" behind 4e; "pool",
// ("dropout",) and "fc".
//
// With auxiliary_heads, two training heads (models/training_heads.h), "aux1" on
// inception 4a and "aux2" on 4d, as section 5 describes them: 5x5 average
// pooling with stride 3, 1x1 convolution to 128 channels, 1024 features,
// dropout of 70 %, classifier; a loss_weight of 0.3. Where the module's output
// has no room for a 5x5 window (images below 79 pixels a side behind the stem
// for photographs), global average pooling takes its place: that is ours. With
// batch normalization, the convolution has it and, as in torchvision, nothing
// else differs. Node names: "aux1/pool", "aux1/conv", ("aux1/bn",) "aux1/relu",
// "aux1/fc1", "aux1/relu_fc1", "aux1/dropout", "aux1/fc2".
#ifndef TRITLAB_MODELS_GOOGLENET_H_
#define TRITLAB_MODELS_GOOGLENET_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "models/graph.pb.h"
#include "models/model.pb.h"

namespace tritlab {

// InvalidArgument when the image is smaller than 32 pixels a side, or width is
// impossible.
absl::StatusOr<Graph> BuildGoogLeNet(const GoogLeNetSpec& spec,
                                     const InputOperator& image,
                                     int64_t classes);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_GOOGLENET_H_
