#include "experiments/sweep/sweep_check.h"

#include <cstdint>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "datasets/augmentation.h"
#include "datasets/dataset.h"
#include "experiments/experiment_inputs.h"
#include "experiments/spec_file.h"
#include "training/trained_network.h"

namespace tritlab {
namespace {

// What networks and phases have to fit.
struct Images {
  ImageShape shape;
  int shorter_side = 0;
  int classes = 0;
  int64_t train = 0;
};

absl::StatusOr<Images> LookAt(const DatasetSpec& spec,
                              const std::string& data_root) {
  ASSIGN_OR_RETURN(const ExperimentImages images, OpenImages(spec, data_root));
  const Dataset& train = *images.train;
  return Images{train.shape(), train.info().shorter_side, train.classes(),
                train.size()};
}

class Checker {
 public:
  explicit Checker(const std::string& data_root) : data_root_(data_root) {}

  absl::Status Check(const ExperimentSpec& spec) {
    const std::string key = ToText(spec.dataset());
    if (images_.count(key) == 0) {
      ASSIGN_OR_RETURN(images_[key], LookAt(spec.dataset(), data_root_));
    }
    const Images& images = images_[key];
    for (const PhaseSpec& phase : spec.phases()) {
      if (!seen_
               .insert(absl::StrCat(key, "|", ToText(spec.model()), "|",
                                    ToText(phase)))
               .second)
        continue;
      RETURN_IF_ERROR(WithPrefix(absl::StrCat("phase ", phase.name()),
                                 CheckPhase(spec.model(), phase, images)));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status CheckPhase(const ModelSpec& model, const PhaseSpec& phase,
                          const Images& images) {
    RETURN_IF_ERROR(ValidateAugmentationSpec(phase.augmentation(), images.shape,
                                             images.shorter_side));
    if (phase.batch_size() > images.train) {
      return absl::InvalidArgumentError(
          absl::StrFormat("batch_size is %d; there are %d images to train on",
                          phase.batch_size(), images.train));
    }
    ASSIGN_OR_RETURN(const ExperimentNetwork network,
                     BuildNetwork(model, images.shape, images.classes));
    return TrainedNetwork::Create(network.graph, phase.policy(),
                                  phase.optimizer(), 1)
        .status();
  }

  const std::string data_root_;
  std::map<std::string, Images> images_;  // by the dataset's spec
  std::set<std::string> seen_;            // dataset, network and phase
};

}  // namespace

absl::Status CheckPoints(const std::vector<SweepPoint>& points,
                         const std::string& data_root) {
  Checker checker(data_root);
  for (const SweepPoint& point : points) {
    RETURN_IF_ERROR(WithPrefix(absl::StrCat("point ", point.name),
                               checker.Check(point.spec)));
  }
  return absl::OkStatus();
}

}  // namespace tritlab
