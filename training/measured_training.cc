#include "training/measured_training.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "models/build.h"
#include "models/shape_inference.h"
#include "training/phase.pb.h"

namespace tritlab {
namespace {

constexpr int kTestImages = 10;

// Noise: a step costs the same whatever it sees.
absl::StatusOr<std::unique_ptr<Dataset>> Noise(const Graph& graph,
                                               int64_t images) {
  ASSIGN_OR_RETURN(const ShapedGraph shaped, InferShapes(graph, /*batch=*/1));
  const Shape& image = shaped.shapes.front();
  DatasetInfo info;
  info.name = info.source = "noise";
  info.shape = {.height = static_cast<int>(image.height),
                .width = static_cast<int>(image.width),
                .channels = static_cast<int>(image.channels)};
  for (int64_t i = 0; i < shaped.shapes.back().channels; ++i)
    info.class_names.push_back(absl::StrCat(i));
  info.normalization.mean.assign(image.channels, 0.5f);
  info.normalization.std.assign(image.channels, 0.25f);
  RETURN_IF_ERROR(CheckImageMemory(info.source, images, info.shape));
  const RandomStream random(/*seed=*/1);
  std::vector<uint8_t> pixels(images * info.shape.size());
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<uint8_t>(random.Below(i, 256));
  std::vector<int32_t> labels(images);
  for (int64_t i = 0; i < images; ++i)
    labels[i] = static_cast<int32_t>(i % shaped.shapes.back().channels);
  return MemoryDataset::Create(std::move(info), std::move(pixels),
                               std::move(labels));
}

PhaseSpec Recipe(int batch, const Policy& policy) {
  PhaseSpec phase;
  phase.set_name("measured");
  phase.set_epochs(1000000);
  phase.set_batch_size(batch);
  phase.mutable_optimizer()->mutable_sgd()->set_momentum(0.9f);
  phase.mutable_optimizer()->mutable_sgd()->set_nesterov(true);
  phase.mutable_optimizer()->set_weight_decay(5e-4f);
  phase.mutable_schedule()->set_learning_rate(0.01f);
  phase.mutable_augmentation()->set_pad_crop(4);
  phase.mutable_augmentation()->set_flip(true);
  *phase.mutable_policy() = policy;
  return phase;
}

}  // namespace

absl::StatusOr<Graph> MeasuredNetwork(absl::string_view name) {
  ModelSpec model;
  absl::string_view number = name;
  int depth = 0;
  const bool is_resnet = absl::ConsumePrefix(&number, "resnet") &&
                         absl::SimpleAtoi(number, &depth);
  bool of_imagenet = false;
  if (name == "vgg_small") {
    model.mutable_vgg_small();
  } else if (name == "vgg16" || name == "vgg16_bn") {
    model.mutable_vgg16()->set_batch_normalization(name == "vgg16_bn");
    of_imagenet = true;
  } else if (is_resnet && (depth == 18 || depth == 34 || depth == 50)) {
    // CIFAR's could have 50 layers, too, but nobody means that.
    model.mutable_imagenet_resnet()->set_depth(depth);
    of_imagenet = true;
  } else if (is_resnet) {
    model.mutable_cifar_resnet()->set_depth(depth);
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("network \"", name,
                     "\" is unknown; give resnet20 (32, 44, 56, 110, any "
                     "6n + 2 but 50), vgg_small, resnet18, resnet34, resnet50, "
                     "vgg16 or vgg16_bn"));
  }
  InputOperator image;
  image.set_height(of_imagenet ? 224 : 32);
  image.set_width(image.height());
  image.set_channels(3);
  return BuildGraph(model, image, of_imagenet ? 1000 : 10);
}

absl::StatusOr<MeasuredTraining> BeginMeasuredTraining(const Graph& graph,
                                                       DataType type, int batch,
                                                       const Policy& policy) {
  MeasuredTraining training;
  ASSIGN_OR_RETURN(training.train, Noise(graph, 20 * batch));
  ASSIGN_OR_RETURN(training.test, Noise(graph, kTestImages));
  ASSIGN_OR_RETURN(
      training.trainer,
      Trainer::Create(graph, Recipe(batch, policy), *training.train,
                      *training.test, {.type = type}));
  RETURN_IF_ERROR(training.trainer->Begin(nullptr));
  return training;
}

}  // namespace tritlab
