// A training whose speed is measured: a known network on noise, with the recipe
// that CIFAR-10's networks are trained with. What //training:benchmark and
// //training:profile run.
#ifndef TRITLAB_TRAINING_MEASURED_TRAINING_H_
#define TRITLAB_TRAINING_MEASURED_TRAINING_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"
#include "kernels/tensor.h"
#include "models/graph.pb.h"
#include "quant/quantizer.pb.h"
#include "training/trainer.h"

namespace tritlab {

// "resnet20" (any 6n + 2 layers but 50) or "vgg_small", for images of 32x32
// pixels and 10 classes; "resnet18", "resnet34", "resnet50", "vgg16" or
// "vgg16_bn" (with batch normalization), for 224x224 and 1000. InvalidArgument,
// naming what there is, for others.
absl::StatusOr<Graph> MeasuredNetwork(absl::string_view name);

struct MeasuredTraining {
  std::unique_ptr<Dataset> train, test;
  std::unique_ptr<Trainer> trainer;
};

// Ready for its first step. Errors are those of Trainer::Create.
absl::StatusOr<MeasuredTraining> BeginMeasuredTraining(const Graph& graph,
                                                       DataType type, int batch,
                                                       const Policy& policy);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_MEASURED_TRAINING_H_
