// What the phases of an experiment share: its images and its network.
#ifndef TRITLAB_EXPERIMENTS_EXPERIMENT_INPUTS_H_
#define TRITLAB_EXPERIMENTS_EXPERIMENT_INPUTS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"
#include "datasets/dataset.pb.h"
#include "datasets/open_dataset.h"
#include "experiments/spec.pb.h"
#include "models/cost.h"
#include "models/graph.pb.h"
#include "models/model.pb.h"

namespace tritlab {

struct ExperimentNetwork {
  Graph graph;  // for the images and classes
  Cost cost;
};

struct ExperimentImages {
  std::unique_ptr<Dataset> train, test;
};

struct ExperimentInputs {
  std::unique_ptr<Dataset> train, test;
  Graph graph;  // for their images and classes
  Cost cost;
};

// Builds the network for such images. Errors name the field or figure at fault;
// ResourceExhausted when the machine has not the memory to train it.
absl::StatusOr<ExperimentNetwork> BuildNetwork(const ModelSpec& model,
                                               const ImageShape& images,
                                               int classes);

// Reads both splits of a dataset. Errors name the file at fault, or say that
// the two do not belong together.
absl::StatusOr<ExperimentImages> OpenImages(const DatasetSpec& spec,
                                            absl::string_view data_root,
                                            const OpenOptions& options = {});

// Reads the datasets and builds the network of a valid spec. Errors as
// OpenImages' and BuildNetwork's.
absl::StatusOr<ExperimentInputs> OpenExperimentInputs(
    const ExperimentSpec& spec, absl::string_view data_root,
    const OpenOptions& options = {});

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_EXPERIMENT_INPUTS_H_
