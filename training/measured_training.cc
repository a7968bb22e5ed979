#include "training/measured_training.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "datasets/open_dataset.h"
#include "models/build.h"
#include "training/phase.pb.h"

namespace tritlab {
namespace {

constexpr int kSide = 32;
constexpr int kChannels = 3;
constexpr int kClasses = 10;
constexpr int kTestImages = 10;

absl::StatusOr<std::unique_ptr<Dataset>> Images(int batch, Split split) {
  DatasetSpec spec;
  spec.set_name("synthetic");
  spec.mutable_synthetic()->set_train_images(20 * batch);
  spec.mutable_synthetic()->set_test_images(kTestImages);
  return OpenDataset(spec, "", split);
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
  if (name == "vgg_small") {
    model.mutable_vgg_small();
  } else if (absl::ConsumePrefix(&number, "resnet") &&
             absl::SimpleAtoi(number, &depth)) {
    model.mutable_cifar_resnet()->set_depth(depth);
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("network \"", name,
                     "\" is unknown; give resnet20 (32, 44, 56, 110, any "
                     "6n + 2) or vgg_small"));
  }
  InputOperator image;
  image.set_height(kSide);
  image.set_width(kSide);
  image.set_channels(kChannels);
  return BuildGraph(model, image, kClasses);
}

absl::StatusOr<MeasuredTraining> BeginMeasuredTraining(const Graph& graph,
                                                       DataType type, int batch,
                                                       const Policy& policy) {
  MeasuredTraining training;
  ASSIGN_OR_RETURN(training.train, Images(batch, Split::kTrain));
  ASSIGN_OR_RETURN(training.test, Images(batch, Split::kTest));
  ASSIGN_OR_RETURN(
      training.trainer,
      Trainer::Create(graph, Recipe(batch, policy), *training.train,
                      *training.test, {.type = type}));
  RETURN_IF_ERROR(training.trainer->Begin(nullptr));
  return training;
}

}  // namespace tritlab
